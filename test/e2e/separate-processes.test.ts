import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { choosePorts } from '../../src/embedded/ports.ts';
import { type RunningPostgres, startPostgres } from '../../src/embedded/postgres/postgres.ts';
import { findPrograms, inPath } from '../../src/embedded/programs/programs.ts';
import { ComposeStack, type RunningService } from '../harness/compose-stack.ts';
import { cacheDir, quiet } from '../harness/programs.ts';
import { CLEAN_ENV, ownFolder, processesOf, removeFolder } from './up-process.ts';

const TEMPORAL_PORTS = [
  'HISTORY_GRPC_PORT',
  'MATCHING_GRPC_PORT',
  'WORKER_GRPC_PORT',
  'FRONTEND_MEMBERSHIP_PORT',
  'HISTORY_MEMBERSHIP_PORT',
  'MATCHING_MEMBERSHIP_PORT',
  'WORKER_MEMBERSHIP_PORT',
];

const folder = ownFolder();
const psql = inPath('psql', CLEAN_ENV.PATH ?? '')[0];
let postgres: RunningPostgres;
let stack: ComposeStack;

beforeAll(async () => {
  postgres = await startPostgres({ dataDir: join(folder, 'postgres'), ephemeral: true, env: CLEAN_ENV, report: quiet });
  const options = { overrides: {}, path: CLEAN_ENV.PATH ?? '', cacheDir, env: CLEAN_ENV, report: quiet };
  const programs = await findPrograms(['temporal-server', 'temporal-sql', 'restic'], options);
  const chosen = await choosePorts(join(folder, 'ports.json'), ['temporal', 'api', 'gateway', ...TEMPORAL_PORTS]);
  const inside = Object.fromEntries(TEMPORAL_PORTS.map((name) => [name, String(chosen[name])]));
  stack = new ComposeStack({
    folder,
    ports: { postgres: postgres.port, temporal: chosen.temporal!, api: chosen.api!, gateway: chosen.gateway! },
    more: { temporal: { ...inside, FRONTEND_GRPC_PORT: String(chosen.temporal) } },
    programs: {
      'temporal-server': programs['temporal-server'].path,
      'temporal-sql-tool': programs['temporal-sql'].path,
      restic: programs.restic.path,
      ...(psql === undefined ? {} : { psql }),
    },
  });
  stack.setSecret('postgres-password', decodeURIComponent(new URL(postgres.ownerUrl).password));
});
afterAll(async () => {
  await stack.kill();
  await postgres.stop('immediate');
  await removeFolder(folder);
});

/** A one-shot, or the command line; returns what it said. */
async function run(name: string, more: readonly string[] = []): Promise<string> {
  const { code, out } = await stack.start(name, more).ended;
  expect(code, `${name}: ${out}`).toBe(0);
  return out;
}

const untilHealthy = (service: RunningService) =>
  vi.waitFor(() => expect(service.health()).toEqual({ code: 0, out: '' }), { timeout: 60_000, interval: 250 });

/** Who is connected with our database, by the name that a process gives. */
async function loginsInUse(): Promise<Record<string, string>> {
  const client = new pg.Client({ connectionString: postgres.ownerUrl });
  await client.connect();
  const { rows } = await client.query<{ process: string; login: string }>(
    `select distinct application_name as process, usename as login from pg_stat_activity where datname = 'holdfast'`,
  );
  await client.end();
  return Object.fromEntries(rows.map(({ process, login }) => [process, login]));
}

test('RUN-6: the services of docker-compose.yml as separate processes make a backup, and stop in order', async (context) => {
  if (psql === undefined) context.skip('no psql in PATH, which the image of PostgreSQL has');
  // One-shots are run at each start of the stack, so a second run has nothing to do and does it.
  for (const name of ['databases', 'databases', 'temporal-schema', 'temporal-schema']) await run(name);
  const temporal = stack.start('temporal');
  expect(await run('migrate')).toContain('migrated: ');
  expect(await run('migrate')).toContain('up to date');
  expect(await run('bootstrap')).toMatch(/set-up link of the owner: http:.*#token=/);
  await run('bootstrap');

  const worker = stack.start('worker');
  const services = [worker, stack.start('api'), stack.start('gateway')];
  for (const service of services) await untilHealthy(service);
  const agent = stack.start('agent');
  await untilHealthy(agent);
  const other = worker.health(agent.child.pid);
  expect(other).toEqual({ code: 1, out: expect.stringMatching(/^worker: no connection with port \d+ and \d+$/m) });

  const files = join(folder, 'files');
  mkdirSync(files);
  writeFileSync(join(files, 'note.txt'), 'kept');
  const said = await run('cli', ['backup', 'now', files]);
  expect(said).toMatch(/snapshot/i);
  expect(await run('cli', ['jobs', 'list'])).toMatch(/succeeded +Back up .*files of local/);
  expect(await loginsInUse()).toEqual({
    'holdfast api': 'holdfast_api',
    'holdfast auth': 'holdfast_auth',
    'holdfast worker': 'holdfast_worker',
    'holdfast gateway': 'holdfast_gateway',
  });

  for (const service of [agent, ...services.reverse()]) {
    const end = await service.stop();
    expect([service.name, end.code, end.signal], end.out).toEqual([service.name, 0, null]);
    expect(service.health()).toEqual({ code: 1, out: expect.stringMatching(`^${service.name}: `) });
    expect(end.out).not.toMatch(/(?:\n|\\n)\s+at /);
  }
  expect((await temporal.stop()).signal).not.toBe('SIGKILL');
  expect(processesOf(folder).filter((line) => !line.includes('postgres'))).toEqual([]);
});
