import { join } from 'node:path';
import { spawnChild } from '../../src/cli/up/children.ts';
import { startPostgres } from '../../src/cli/up/postgres.ts';

/** A run of `holdfast up` that the tests kill: starts what it is told and says the pids. */
const [what, folder = ''] = process.argv.slice(2);
const env = { ...process.env };
const runDir = join(folder, 'run');

if (what === 'sleepers') {
  const one = await spawnChild({ name: 'one', command: 'sleep', args: ['600'], env, runDir });
  // The shell starts a program of its own: the group must end, not only its leader. It does not hear SIGTERM.
  const stubborn = 'trap "" TERM; sleep 600 & wait; wait';
  const two = await spawnChild({ name: 'two', command: 'sh', args: ['-c', stubborn], env, runDir, stopGraceMs: 200 });
  process.stdout.write(JSON.stringify({ one: one.pid, two: two.pid }));
} else if (what === 'watching') {
  const watch = join(import.meta.dirname, '../../src/cli/up/parent-watch.ts');
  const source = `import(${JSON.stringify(watch)}).then((m) => m.exitWhenParentDies(() => process.exit(0))); setInterval(() => {}, 1000);`;
  const child = await spawnChild({
    name: 'watching',
    command: process.execPath,
    args: ['-e', source],
    env,
    runDir,
    diesWithParent: true,
  });
  // A sibling started later must not hold the pipe open.
  const sibling = await spawnChild({ name: 'sibling', command: 'sleep', args: ['600'], env, runDir });
  setTimeout(() => process.stdout.write(JSON.stringify({ child: child.pid, sibling: sibling.pid })), 400);
} else if (what === 'postgres') {
  const running = await startPostgres({ dataDir: join(folder, 'postgres'), env, report: () => {} });
  process.stdout.write(JSON.stringify({ pid: running.pid, ownerUrl: running.ownerUrl }));
}
setInterval(() => {}, 60_000);
