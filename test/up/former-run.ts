import { join } from 'node:path';
import { startPostgres } from '../../src/embedded/postgres/postgres.ts';
import { spawnChild } from '../../src/embedded/supervisor/children.ts';
import { spawnStubborn, spawnTalking } from './talking-child.ts';

/** A run of `holdfast up` that the tests kill: starts what it is told and says the pids. */
const [what, folder = ''] = process.argv.slice(2);
const env = { ...process.env };
const runDir = join(folder, 'run');

if (what === 'sleepers') {
  const one = await spawnChild({ name: 'one', command: 'sleep', args: ['600'], env, runDir });
  const two = await spawnStubborn({ name: 'two', runDir, stopGraceMs: 200 });
  process.stdout.write(JSON.stringify({ one: one.pid, two: two.pid }));
} else if (what === 'watching') {
  const watch = join(import.meta.dirname, '../../src/processes/parent-watch.ts');
  const source = `import(${JSON.stringify(watch)}).then((m) => { m.exitWhenParentDies(() => process.exit(0)); console.log("watching"); }); setInterval(() => {}, 1000);`;
  const child = await spawnTalking({
    name: 'watching',
    command: process.execPath,
    args: ['-e', source],
    env,
    runDir,
    diesWithParent: true,
  });
  // A sibling started later must not hold the pipe open.
  const sibling = await spawnChild({ name: 'sibling', command: 'sleep', args: ['600'], env, runDir });
  process.stdout.write(JSON.stringify({ child: child.pid, sibling: sibling.pid }));
} else if (what === 'postgres') {
  const running = await startPostgres({ dataDir: join(folder, 'postgres'), env, report: () => {} });
  process.stdout.write(JSON.stringify({ pid: running.pid, ownerUrl: running.ownerUrl }));
}
setInterval(() => {}, 60_000);
