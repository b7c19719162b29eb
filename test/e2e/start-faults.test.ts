import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { loginUrl } from '../../src/db/core/logins.ts';
import { migrate } from '../../src/db/core/migrate.ts';
import { ensureDatabase, type RunningPostgres, startPostgres } from '../../src/embedded/postgres/postgres.ts';
import { CLEAN_ENV, type Ended, ownFolder, processesOf, removeFolder, UP, Up } from './up-process.ts';

const folder = ownFolder();
let postgres: RunningPostgres;
beforeAll(async () => {
  // Beside the data folders of the tests, so that it is not taken for something they left.
  const place = ownFolder();
  postgres = await startPostgres({
    dataDir: join(place, 'postgres'),
    ephemeral: true,
    env: CLEAN_ENV,
    report: () => {},
  });
  return async () => {
    await postgres.stop('immediate');
    await removeFolder(place);
  };
});
afterAll(() => removeFolder(folder));

const run = (env: Record<string, string>): Promise<Ended> =>
  new Up({ HOLDFAST_DATA: join(folder, 'data'), ...env }, ['--no-first-job']).ended;

/** Exactly one message that names each of these: what, where, what to do. */
function expectOneMessage(end: Ended, ...words: (string | RegExp)[]): void {
  expect(end.code, end.out + end.err).toBeGreaterThan(0);
  expect(end.err.match(/^holdfast: /gm)).toHaveLength(1);
  expect(end.err.startsWith('holdfast: ')).toBe(true);
  expect(end.err + end.out).not.toMatch(/(?:\n|\\n)\s+at /);
  for (const word of words) expect(end.err).toMatch(word);
  expect(processesOf(folder)).toEqual([]);
}

async function listening(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

async function closedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test.each(['HOLDFAST_PORT', 'HOLDFAST_GATEWAY_PORT'])('RUN-5: %s is in use', async (variable) => {
  const port = await listening();
  expectOneMessage(await run({ [variable]: String(port) }), /port .* in use/, `127.0.0.1:${port}`, variable);
});

test('RUN-5: the address to listen on is none of this machine', async () => {
  const end = await run({ HOLDFAST_BIND: '192.0.2.254', HOLDFAST_INSECURE_HTTP: '1' });
  expectOneMessage(end, 'no address 192.0.2.254', 'HOLDFAST_BIND');
});

test('RUN-5: there is no IPv4 loopback', async (context) => {
  const lo = 'ip link set lo up && ip address del 127.0.0.1/8 dev lo';
  const cut = spawnSync('unshare', ['-rn', 'sh', '-c', lo], { encoding: 'utf8' });
  if (cut.status !== 0) context.skip(`no network of our own can be made: ${cut.stderr?.trim() ?? cut.error}`);
  const up = new Up(
    { HOLDFAST_DATA: join(folder, 'data') },
    [],
    `exec unshare -rn sh -c '${lo} && exec "$0" "$@"' "$0" "$@"`,
  );
  expectOneMessage(await up.ended, 'no address 127.0.0.1', 'ip link set lo up');
});

test('RUN-5: the data folder is a file', async () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  expectOneMessage(await run({ HOLDFAST_DATA: file }), 'data folder cannot be written', file, 'HOLDFAST_DATA');
});

test('RUN-5: the data folder is read-only', async (context) => {
  const mount = join(folder, 'read-only');
  mkdirSync(mount);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', mount], { encoding: 'utf8' });
  if (mounted.status !== 0) context.skip(`this account may not mount: ${mounted.stderr?.trim() ?? mounted.error}`);
  onTestFinished(() => void spawnSync('umount', [mount]));
  const end = await run({ HOLDFAST_DATA: join(mount, 'data') });
  expectOneMessage(end, 'data folder cannot be written: it is on a read-only', mount, 'HOLDFAST_DATA');
});

test("RUN-8: root without the right to other accounts' files", async (context) => {
  if (process.getuid?.() !== 0) context.skip('only root has rights that can be taken');
  const less = ['setpriv', '--bounding-set', '-dac_override', '--inh-caps', '-dac_override', ...UP];
  const up = new Up({ HOLDFAST_DATA: join(folder, 'bound') }, ['--no-first-job'], 'true', less);
  expectOneMessage(await up.ended, /lacks CAP_DAC_OVERRIDE/, 'CapEff', 'as another user than root');
});

test('RUN-5: a program is missing, and there is nothing to build it with', async () => {
  const end = await run({ PATH: '/nonexistent', HOLDFAST_CACHE: join(folder, 'empty-cache') });
  expectOneMessage(end, /is missing/, 'neither in PATH nor in the cache', /Install Go .* or set HOLDFAST_PROGRAM_/);
});

test('RUN-5: the database has no such host', async () => {
  const end = await run({ DATABASE_URL: 'postgres://ada:secret-word@no-such-host.invalid:5432/holdfast' });
  expectOneMessage(end, 'The database cannot be used', 'ada@no-such-host.invalid:5432/holdfast', 'in DATABASE_URL');
  expect(end.err + end.out).not.toContain('secret-word');
});

test('RUN-5: nothing listens where the database should be', async () => {
  const port = await closedPort();
  const end = await run({ DATABASE_URL: `postgres://ada:secret-word@127.0.0.1:${port}/holdfast` });
  expectOneMessage(end, 'nothing listens there', `127.0.0.1:${port}`, 'in DATABASE_URL');
});

test('RUN-5: the database refuses the password', async () => {
  const url = new URL(postgres.ownerUrl);
  url.password = 'wrong-word';
  const end = await run({ DATABASE_URL: url.href });
  expectOneMessage(end, 'refuses the name or password', `postgres@127.0.0.1:${postgres.port}`, 'in DATABASE_URL');
  expect(end.err + end.out).not.toContain('wrong-word');
});

test('RUN-5: Temporal does not answer', async () => {
  const port = await closedPort();
  const end = await run({ TEMPORAL_ADDRESS: `127.0.0.1:${port}` });
  expectOneMessage(end, 'Temporal does not answer', `127.0.0.1:${port}`, 'correct TEMPORAL_ADDRESS');
});

test('RUN-5: the schema is newer, in a way that the program cannot live with', async () => {
  const ownerUrl = await ensureDatabase(postgres.ownerUrl, 'holdfast_newer');
  const url = (group: string) => loginUrl(ownerUrl, `holdfast_newer_${group}`, 'password');
  const urls = { api: url('api'), auth: url('auth'), worker: url('worker'), gateway: url('gateway') };
  await migrate({ ownerUrl, rolePrefix: 'holdfast_newer', urls });
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  await client.query(`insert into migration(name, executed_at) values ('209901010000_future_breaking', now())`);
  await client.end();
  const end = await run({ DATABASE_URL: ownerUrl });
  expectOneMessage(end, 'newer schema', '209901010000_future_breaking', 'Start the newer program');
});

test('RUN-5: a variable that nobody knows is refused with the nearest that is known', async () => {
  expectOneMessage(
    await run({ HOLDFAST_PROT: '8080' }),
    'HOLDFAST_PROT is not a variable',
    'did you mean HOLDFAST_PORT',
  );
});
