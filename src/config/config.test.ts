import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Value } from 'typebox/value';
import { afterAll, describe, expect, test } from 'vitest';
import { Failure } from '../lib/failure.ts';
import { readConfig } from './config.ts';
import { baseEnvironment, type Environment } from './environment.ts';
import { nodeProxies, proxyHint } from './proxies.ts';
import { CONFIG, VARIABLES } from './schema.ts';

const folder = mkdtempSync(join(tmpdir(), 'holdfast-config-'));
afterAll(() => rmSync(folder, { recursive: true }));

function fileWith(text: string): string {
  const path = join(folder, `${text.length}.txt`);
  writeFileSync(path, text);
  return path;
}

/** The lines of the one message that lists what is wrong. */
function problemsOf(env: Environment): string[] {
  try {
    readConfig(env);
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    expect([thrown.code, thrown.fault]).toEqual(['bad-configuration', 'operator']);
    return thrown.message.split('\n  ').slice(1);
  }
  return [];
}

test('RUN-8: with an empty environment everything has its default', () => {
  expect(readConfig({ XDG_CACHE_HOME: '/cache' })).toMatchObject({
    dataDir: resolve('.holdfast'),
    cacheDir: '/cache/holdfast',
    port: 8080,
    gatewayPort: 7443,
    bind: '127.0.0.1',
    tls: null,
    trustedProxy: [],
    insecureHttp: false,
    keyringFile: resolve('.holdfast/keyring.json'),
    log: { pretty: false, level: 'info' },
    database: { owner: null, api: null, auth: null, worker: null, gateway: null },
    temporal: { address: null, namespace: 'holdfast', tls: null },
  });
});

test('RUN-8: what is read is of the types that the schema says', () => {
  const wrong = (env: Environment) => Value.Errors(CONFIG, readConfig(env)).map(({ instancePath }) => instancePath);
  const sample: Readonly<Record<string, string>> = {
    ...{ port: '1', 'web-port': '8080', flag: '1', listen: '::1', address: 'h:1', addresses: '::1', log: 'warn' },
    ...{ 'web-url': 'http://h', 'database-url': 'postgres://u:w@h/d' },
  };
  const all = Object.fromEntries(VARIABLES.map(({ name, format }) => [name, sample[format] ?? 'x']));
  expect([wrong({}), wrong(all)]).toEqual([[], []]);
  expect(readConfig(all)).toMatchObject({ tls: { keyFile: 'x' }, temporal: { tls: { keyFile: 'x' } }, port: 8080 });
});

test.each([{}, { HOME: '/' }, { HOME: '/nonexistent' }])(
  'RUN-22: without a home folder (%o) programs are kept in the data folder',
  (env) => {
    const { home, cacheDir } = readConfig({ HOLDFAST_DATA: '/data', ...env });
    if (home === null) expect(cacheDir).toBe('/data/cache');
    else expect([env, cacheDir]).toEqual([{}, join(home, '.cache/holdfast')]);
    expect(readConfig({ HOLDFAST_DATA: '/data', HOME: folder }).cacheDir).toBe(join(folder, '.cache/holdfast'));
  },
);

test('RUN-8: what is set is taken', () => {
  const config = readConfig({
    HOLDFAST_DATA: '/data',
    HOLDFAST_PORT: '0',
    HOLDFAST_LOG: 'pretty:debug',
    HOLDFAST_PROGRAM_TEMPORAL_SERVER: '/opt/temporal-server',
    DATABASE_URL_API: 'postgres://api:word@db/holdfast',
    TEMPORAL_ADDRESS: '[::1]:7233',
    TEMPORAL_TLS_SERVER_NAME: 'temporal',
  });
  expect(config).toMatchObject({
    dataDir: '/data',
    keyringFile: '/data/keyring.json',
    port: 0,
    log: { pretty: true, level: 'debug' },
    programs: { 'temporal-server': '/opt/temporal-server' },
    database: { owner: null, api: 'postgres://api:word@db/holdfast' },
    temporal: { address: '[::1]:7233', tls: { serverName: 'temporal', certFile: null } },
  });
});

test.each([
  ['json', { pretty: false, level: 'info' }],
  ['pretty', { pretty: true, level: 'info' }],
  ['warn', { pretty: false, level: 'warn' }],
  ['json:error', { pretty: false, level: 'error' }],
])('HOLDFAST_LOG=%s', (text, log) => {
  expect(readConfig({ HOLDFAST_LOG: text }).log).toEqual(log);
});

test('RUN-5: all that is wrong is said at once, each with what to do', () => {
  const problems = problemsOf({
    HOLDFAST_PROT: '1',
    HOLDFAST_PORT: '70000',
    HOLDFAST_LOG: 'loud',
    HOLDFAST_BIND: '::',
  });
  expect(problems).toEqual([
    'HOLDFAST_PROT is not a variable of Holdfast; did you mean HOLDFAST_PORT?',
    'HOLDFAST_PORT=70000 is not a port: give a number from 0 to 65535.',
    'HOLDFAST_LOG=loud is not a form of log: give json, pretty, a level, or both as in pretty:debug.',
    expect.stringMatching(/^HOLDFAST_BIND=:: is not loopback: set .*HOLDFAST_INSECURE_HTTP=1/),
  ]);
});

test.each([
  { HOLDFAST_PORT: '-1' },
  { HOLDFAST_INSECURE_HTTP: 'yes' },
  { HOLDFAST_BIND: '127.999.0.1' },
  { HOLDFAST_GATEWAY_ADDRESS: 'gateway' },
  { HOLDFAST_GATEWAY_ADDRESS: 'gateway:99999' },
  { HOLDFAST_TRUSTED_PROXY: 'true' },
  { HOLDFAST_TRUSTED_PROXY: '10.0.0.0/33' },
  { HOLDFAST_BIND: 'fe80::1%eth0' },
  { HOLDFAST_GATEWAY_ADDRESS: '[fe80::1%eth0]:7443' },
  { HOLDFAST_PORT: '6000' },
  { HOLDFAST_URL: 'localhost:8080' },
  { HOLDFAST_URL: 'http:localhost' },
  { HOLDFAST_URL: 'http://127.0.0.1:6667' },
  { HOLDFAST_URL: 'https://h/?' },
  { HOLDFAST_PUBLIC_URL: 'http://127.0.0.1:10080/holdfast' },
  { DATABASE_URL: 'localhost:5432/holdfast' },
  { HOLDFAST_TLS_KEY_FILE: '/key.pem' },
  { TEMPORAL_TLS_KEY: '/key.pem' },
  { TEMPORAL_ADDRESS: '[::1]:7233', TEMPORAL_TLS_SERVER_CA: '/ca.pem' },
  { TEMPORAL_ADDRESS: '[::1]:7233', TEMPORAL_API_KEY: 'key' },
])('%o is refused', (env) => {
  expect(problemsOf(env)).toHaveLength(1);
});

test('RUN-8: a web address may have a path, and no slash behind it', () => {
  const config = readConfig({ HOLDFAST_URL: 'https://h:8443/holdfast/', HOLDFAST_PUBLIC_URL: 'http://h/' });
  expect([config.cli.url, config.publicUrl]).toEqual(['https://h:8443/holdfast', 'http://h']);
});

test('a password in a web address is refused and not shown', () => {
  expect(problemsOf({ HOLDFAST_URL: 'http://ada:canary@h/' }).join()).toMatch(
    /^(?!.*canary).*holds a name or a password/,
  );
});

test('RUN-8: every port that our own client refuses is refused for the API, and each that is refused is one of those', async () => {
  const refusedByFetch = async (port: number) => {
    const cause = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(1_000) }).then(
      () => null,
      (thrown: { cause?: Error }) => thrown.cause,
    );
    return cause?.message === 'bad port';
  };
  // Below 1024 and where the standard has some more; the rest is free.
  const known = [1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6679, 6697, 10080];
  const ports = [...Array.from({ length: 1_023 }, (_, at) => at + 1), ...known, 6665, 6666, 6667, 6668, 6669, 8080];
  for (const port of ports)
    expect([port, problemsOf({ HOLDFAST_PORT: String(port) }).length > 0]).toEqual([port, await refusedByFetch(port)]);
});

describe('another address than loopback', () => {
  const open = { HOLDFAST_BIND: '0.0.0.0' };

  test.each([
    { HOLDFAST_TLS_CERT_FILE: '/cert.pem', HOLDFAST_TLS_KEY_FILE: '/key.pem' },
    { HOLDFAST_TRUSTED_PROXY: '10.1.2.3, fd00::/8' },
    { HOLDFAST_INSECURE_HTTP: '1' },
  ])('is fine with %o', (env) => {
    expect(problemsOf({ ...open, ...env })).toEqual([]);
  });

  test('is refused without', () => {
    expect(problemsOf(open)).toHaveLength(1);
    expect(problemsOf({ HOLDFAST_BIND: '::1' })).toEqual([]);
    expect(problemsOf({ HOLDFAST_BIND: '127.1.2.3' })).toEqual([]);
  });
});

describe('secrets', () => {
  test('come from a file as well, without its last line break', () => {
    const file = fileWith('postgres://u:word@h/db\n');
    expect(readConfig({ DATABASE_URL_FILE: file }).database.owner).toBe('postgres://u:word@h/db');
  });

  test('set twice, in an empty file or in none are refused', () => {
    const file = fileWith('hfk_abc');
    expect(problemsOf({ HOLDFAST_API_KEY: 'hfk_x', HOLDFAST_API_KEY_FILE: file })).toHaveLength(1);
    expect(problemsOf({ HOLDFAST_API_KEY_FILE: fileWith('') })[0]).toContain('is empty');
    expect(problemsOf({ HOLDFAST_API_KEY_FILE: join(folder, 'none') })[0]).toContain('cannot be read (ENOENT)');
    expect(problemsOf({ HOLDFAST_PORT_FILE: file })).toHaveLength(1);
  });

  test.each([
    'g#46?2/4@x%',
    '4#6@canary',
    '4/canary',
    '4?canary',
    'a@b#canary',
    'a@b/canary',
    'a@b?canary',
    'canary%',
    'canary%zz',
    'canary%FF',
  ])(
    'RUN-5: the password %s in a connection string is refused in one sentence that shows nothing of it',
    (password) => {
      const [problem, ...more] = problemsOf({ DATABASE_URL: `postgres://hf:${password}@127.0.0.1:5432/hf` });
      expect(more).toEqual([]);
      expect(problem).toMatch(/^DATABASE_URL is not a URL of PostgreSQL: .*percent-encoded/);
      expect(problem).not.toMatch(/canary|46|x%@/);
      const encoded = `postgres://hf:${encodeURIComponent(password)}@127.0.0.1:5432/hf?sslmode=require&a_b=/c`;
      expect(readConfig({ DATABASE_URL: encoded }).database.owner).toBe(encoded);
      const file = fileWith(`${encoded}\r\n`);
      expect(readConfig({ DATABASE_URL_FILE: file }).database.owner).toBe(encoded);
    },
  );

  test('that are wrong are not shown', () => {
    const secrets = VARIABLES.filter(({ format }) => format === 'database-url');
    expect(secrets.length).toBeGreaterThan(3);
    for (const { name } of secrets)
      expect(problemsOf({ [name]: 'canary' }).join()).toMatch(/^(?!.*canary).*postgres:\/\//);
  });
});

test('RUN-22: programs that we start get the proxies of the machine as they are, in both spellings', () => {
  const names = ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'];
  const given = Object.fromEntries(
    [...names, ...names.map((n) => n.toUpperCase())].map((name) => [name, `of ${name}`]),
  );
  expect(baseEnvironment({ ...given, grpc_proxy: 'x', NODE_USE_ENV_PROXY: '1' })).toEqual(given);
});

test('Node is sent through a proxy only when it was told so, and never for this machine', () => {
  const env = { HTTP_PROXY: 'http://proxy:3128', no_proxy: 'example.org' };
  expect(nodeProxies(env, [], '')).toBeNull();
  const told = {
    http_proxy: 'http://proxy:3128',
    https_proxy: '',
    no_proxy: 'example.org,localhost,127.0.0.1,::1,[::1],10.0.0.1',
  };
  expect(nodeProxies({ ...env, NODE_USE_ENV_PROXY: '1' }, [], '10.0.0.1')).toEqual(told);
  expect(nodeProxies(env, ['--use-env-proxy'], '10.0.0.1')).toEqual(told);
});

test('a program that could not reach something names the variables that sent it elsewhere', () => {
  expect(proxyHint({ NO_PROXY: 'x', PATH: '/bin' })).toBe('');
  expect(proxyHint({ https_proxy: 'http://proxy', HTTP_PROXY: 'http://proxy' })).toMatch(/HTTP_PROXY and https_proxy/);
});

test('programs that we start get no variable of ours', () => {
  const given = Object.fromEntries(VARIABLES.map(({ name }) => [name, 'canary']));
  expect(baseEnvironment({ ...given, PATH: '/bin', SECRET: 'canary' })).toEqual({ PATH: '/bin' });
});
