import { spawnSync } from 'node:child_process';
import { chownSync, copyFileSync, linkSync, mkdirSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, type TestContext, test } from 'vitest';
import { overrideVariable, type ProgramName } from '../../src/embedded/programs/program-list.ts';
import { findPrograms } from '../../src/embedded/programs/programs.ts';
import { cacheDir, env, quiet } from '../harness/programs.ts';
import { ownFolder, processesOf, removeFolder, Up } from './up-process.ts';

const MAIN = join(import.meta.dirname, '../../src/main.ts');
const folder = ownFolder();
let proxy: Server;
/** Who came to the proxy: nobody should. */
const asked: string[] = [];

beforeAll(async () => {
  proxy = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (text) => {
      asked.push(String(text).split('\r\n')[0]!);
      socket.destroy();
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => proxy.once('listening', resolve));
});
afterAll(async () => {
  proxy.close();
  await removeFolder(folder);
});

/** What other programs of the machine are told, and what would break ours if they listened. */
function traps(): Record<string, string> {
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const proxies = ['http_proxy', 'https_proxy', 'all_proxy', 'grpc_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'];
  return {
    ...Object.fromEntries(proxies.map((name) => [name, url])),
    NODE_USE_ENV_PROXY: '1',
    TZ: 'Asia/Kathmandu',
    LANG: 'tr_TR.UTF-8',
    LC_ALL: 'tr_TR.ISO-8859-9',
    PGHOST: '/nonexistent',
    PGPORT: '1',
    PGUSER: 'trap',
    PGPASSWORD: 'trap',
    PGDATABASE: 'trap',
    PGSSLMODE: 'verify-full',
    PGOPTIONS: '-c search_path=trap',
    PGDATA: '/nonexistent',
    RESTIC_REPOSITORY: '/nonexistent',
    RESTIC_PASSWORD: 'trap',
    RESTIC_PASSWORD_COMMAND: 'false',
    RESTIC_PASSWORD_FILE: '/nonexistent',
    RESTIC_REPOSITORY_FILE: '/nonexistent',
    RESTIC_CACHE_DIR: '/nonexistent',
    RESTIC_COMPRESSION: 'trap',
    RESTIC_HOST: 'trap',
    npm_config_registry: url,
    npm_config_prefix: '/nonexistent',
    npm_config_ignore_scripts: 'true',
    npm_lifecycle_event: 'trap',
    INIT_CWD: '/nonexistent',
    SQL_PLUGIN: 'trap',
    DB: 'trap',
    LOG_LEVEL: 'trap',
  };
}

test('RUN-22: proxies, foreign variables, umask 077, odd language and time zone and a folder with spaces do no harm', async () => {
  const place = join(folder, 'my own "data" folder');
  mkdirSync(place, { mode: 0o711 });
  const data = join(place, 'şehir');
  const up = new Up({ ...traps(), HOLDFAST_DATA: data }, [], 'umask 077');
  await up.until('Ctrl-C stops everything');
  expect(up.out).toContain('Back up first of local: succeeded');
  const listed = spawnSync(process.execPath, [MAIN, 'hosts', 'list'], {
    env: { PATH: process.env.PATH ?? '', ...traps(), HOLDFAST_DATA: data },
    encoding: 'utf8',
  });
  expect(listed).toMatchObject({ status: 0, stderr: '', stdout: expect.stringMatching(/local .* yes/) });
  up.signal('SIGINT');
  expect(await up.ended).toMatchObject({ code: 0, err: '' });
  expect(asked).toEqual([]);
  expect(processesOf(folder)).toEqual([]);
});

const PROGRAMS: readonly ProgramName[] = ['temporal-server', 'temporal-sql', 'temporal-ui', 'restic'];

/** Variables that name the programs where any account can reach them: the cache lies in a home folder. */
async function programsFor(place: string): Promise<Record<string, string>> {
  const found = await findPrograms(PROGRAMS, { overrides: {}, path: env.PATH ?? '', cacheDir, env, report: quiet });
  const named = PROGRAMS.map((name) => {
    const path = join(place, name);
    try {
      linkSync(found[name].path, path);
    } catch {
      copyFileSync(found[name].path, path);
    }
    return [overrideVariable(name), path];
  });
  return Object.fromEntries(named);
}

/** The words that start a program without a home folder: as root under this account, else as who we are. */
function homeless(uid: number, context: TestContext): string {
  if (process.getuid?.() !== 0) return 'unset HOME';
  const as = ['setpriv', '--reuid', String(uid), '--regid', String(uid), '--clear-groups'];
  const reads = spawnSync(as[0]!, [...as.slice(1), process.execPath, '--check', MAIN], { encoding: 'utf8' });
  if (reads.status !== 0) context.skip(`other accounts cannot read this tree: ${reads.stderr || reads.error}`);
  return `unset HOME && exec ${as.join(' ')} "$0" "$@"`;
}

const NOBODY = 65_534;
const NO_ACCOUNT = 54_321;

test('RUN-22: an account without a home folder, on an IPv6 address only', async (context) => {
  const before = homeless(NOBODY, context);
  const place = ownFolder(tmpdir());
  if (process.getuid?.() === 0) chownSync(place, NOBODY, NOBODY);
  try {
    const named = await programsFor(place);
    const up = new Up({ ...named, HOLDFAST_DATA: join(place, 'data'), HOLDFAST_BIND: '::1' }, [], before);
    await up.until('Ctrl-C stops everything');
    // By the agent's own connection and by Temporal's, which does not take such an address as it is.
    expect(up.out).toContain('Back up first of local: succeeded');
    expect(up.out).toMatch(/API docs +http:\/\/\[::1\]:\d+\/api/);
    up.signal('SIGINT');
    expect(await up.ended).toMatchObject({ code: 0, err: '' });
  } finally {
    await removeFolder(place);
  }
});

test('RUN-22: a user id without an account is told so, and the command line does not mind it', async (context) => {
  if (process.getuid?.() !== 0) context.skip('only root can become a user id without an account');
  const before = homeless(NO_ACCOUNT, context);
  const place = ownFolder(tmpdir());
  chownSync(place, NO_ACCOUNT, NO_ACCOUNT);
  try {
    const told = { ...(await programsFor(place)), HOLDFAST_DATA: join(place, 'data') };
    const end = await new Up(told, [], before).ended;
    expect(end.err).toMatch(/^holdfast: [^\n]*no account for uid 54321 [^\n]*useradd --uid 54321[^\n]*\n$/);
    const listed = spawnSync('sh', ['-c', before, process.execPath, MAIN, 'jobs', 'list'], {
      env: told,
      encoding: 'utf8',
    });
    expect(listed).toMatchObject({ status: 3, stderr: expect.stringMatching(/^holdfast: No API is known[^\n]*\n$/) });
  } finally {
    await removeFolder(place);
  }
});
