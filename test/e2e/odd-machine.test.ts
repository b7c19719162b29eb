import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ownFolder, processesOf, removeFolder, Up } from './up-process.ts';

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
  const listed = spawnSync(process.execPath, [join(import.meta.dirname, '../../src/cli/main.ts'), 'hosts', 'list'], {
    env: { PATH: process.env.PATH ?? '', ...traps(), HOLDFAST_DATA: data },
    encoding: 'utf8',
  });
  expect(listed).toMatchObject({ status: 0, stderr: '', stdout: expect.stringMatching(/local .* yes/) });
  up.signal('SIGINT');
  expect(await up.ended).toMatchObject({ code: 0, err: '' });
  expect(asked).toEqual([]);
  expect(processesOf(folder)).toEqual([]);
});
