import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ComposeRun, psql } from '../harness/compose-run.ts';
import { processesOf } from './up-process.ts';

test('RUN-6: the services of docker-compose.yml as separate processes make a backup, and stop in order', async (context) => {
  if (psql === undefined) return context.skip('no psql in PATH, which the image of PostgreSQL has');
  const compose = await ComposeRun.open();
  onTestFinished(() => compose.close());
  // One-shots are run at each start of the stack: a second run has nothing to do.
  for (const name of ['databases', 'databases', 'temporal-schema', 'temporal-schema']) await compose.run(name);
  const temporal = compose.stack.start('temporal');
  expect(await compose.run('migrate')).toContain('migrated: ');
  expect(await compose.run('migrate')).toContain('up to date');
  expect(await compose.run('bootstrap')).toMatch(/set-up link of the owner: http:.*#token=/);
  await compose.run('bootstrap');
  const servers = await compose.startHealthy('worker', 'api', 'gateway');
  const [agent] = await compose.startHealthy('agent');
  const other = servers[0]!.health(agent!.child.pid);
  expect(other).toEqual({ code: 1, out: expect.stringMatching(/^worker: no connection with port \d+ and \d+$/m) });
  // One that cannot start ends, so that it is started again: it had opened its database by then.
  const second = await compose.stack.start('gateway').ended;
  expect([second.code, second.out]).toEqual([1, expect.stringContaining('The port of the gateway cannot be opened')]);

  const files = join(compose.folder, 'files');
  mkdirSync(files);
  writeFileSync(join(files, 'note.txt'), 'kept');
  expect(await compose.run('cli', ['backup', 'now', files])).toMatch(/snapshot/i);
  expect(await compose.run('cli', ['jobs', 'list'])).toMatch(/succeeded +Back up .*files of local/);
  expect(await compose.loginsInUse()).toEqual({
    'holdfast api': 'holdfast_api',
    'holdfast auth': 'holdfast_auth',
    'holdfast worker': 'holdfast_worker',
    'holdfast gateway': 'holdfast_gateway',
  });

  await compose.stopAll([agent!, ...servers.reverse()]);
  expect((await temporal.stop()).signal).not.toBe('SIGKILL');
  expect(processesOf(compose.folder)).toEqual([]);
});
