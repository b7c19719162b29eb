import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { request as requestTls } from 'node:https';
import { join } from 'node:path';
import type { Connection } from '@temporalio/client';
import { expect, test } from 'vitest';
import { startPostgres } from '../../src/embedded/postgres/postgres.ts';
import { findPrograms } from '../../src/embedded/programs/programs.ts';
import { type RunningTemporal, startTemporal } from '../../src/embedded/temporal/temporal.ts';
import { writeDynamicConfig } from '../../src/embedded/temporal/temporal-dynamic-config.ts';
import { ensureTemporalSchema } from '../../src/embedded/temporal/temporal-schema.ts';
import { temporalTlsAt } from '../../src/embedded/temporal/temporal-tls.ts';
import { type RunningTemporalUi, startTemporalUi } from '../../src/embedded/temporal/temporal-ui.ts';
import { ensureNamespace, type NamespaceOptions } from '../../src/processes/place/temporal-namespace.ts';
import { lazyConnection } from '../../src/temporal/connection.ts';
import { cacheDir, env, ownFolder, quiet } from './place.ts';

/** On a machine whose cache is empty the programs are built first. */
const TIMEOUT = 15 * 60_000;
const find = () =>
  findPrograms(['temporal-server', 'temporal-sql', 'temporal-ui'], {
    overrides: {},
    path: env.PATH ?? '',
    cacheDir,
    env,
    report: quiet,
  });
const SOME = { OrgId: 'KEYWORD', HostId: 'KEYWORD' } as const;
const ATTRIBUTES = { ...SOME, JobKind: 'KEYWORD', Trigger: 'KEYWORD', HostName: 'KEYWORD_LIST' } as const;

async function withConnection<T>(
  { address, tls }: RunningTemporal,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = lazyConnection({ address, namespace: 'default', apiKey: null, tls });
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

test('Temporal starts on our PostgreSQL, is killed, starts again, and has its namespace and search attributes', {
  timeout: TIMEOUT,
}, async () => {
  const programs = await find();
  const folder = ownFolder();
  const [dir, runDir] = [join(folder, 'temporal'), join(folder, 'run')];
  const database = await startPostgres({ dataDir: join(folder, 'postgres'), ephemeral: true, env, report: quiet });
  const steps: string[] = [];
  const schema = () =>
    ensureTemporalSchema({
      sqlTool: programs['temporal-sql'],
      ownerUrl: database.ownerUrl,
      dir,
      env,
      report: (line) => steps.push(line.step),
    });
  const postgres = await schema();
  const start = () =>
    startTemporal({
      server: programs['temporal-server'].path,
      dir,
      runDir,
      postgres,
      env,
      report: quiet,
      forTests: true,
    });
  const first = await start();
  const namespace = (server: RunningTemporal, searchAttributes: NamespaceOptions['searchAttributes']) =>
    withConnection(server, (connection) =>
      ensureNamespace(connection, { namespace: 'default', retentionHours: 72, searchAttributes }),
    );
  const id = await namespace(first, SOME);
  expect(id).toMatch(/^[0-9a-f-]{36}$/);

  process.kill(first.pid, 'SIGKILL');
  expect((await first.exited).signal).toBe('SIGKILL');
  expect(await schema()).toEqual(postgres);
  expect(steps).toHaveLength(1);
  const second = await start();
  expect(second.ports).toEqual(first.ports);
  expect(await namespace(second, ATTRIBUTES)).toBe(id);
  const listed = await withConnection(second, (connection) =>
    connection.operatorService.listSearchAttributes({ namespace: 'default' }),
  );
  expect(Object.keys(listed.customAttributes ?? {}).sort()).toEqual(Object.keys(ATTRIBUTES).sort());

  const ui = await startTemporalUi({
    tls: temporalTlsAt(join(dir, 'tls')),
    codec: { encode: async (payloads) => payloads, decode: async (payloads) => payloads },
    program: programs['temporal-ui'].path,
    dir: join(folder, 'ui'),
    runDir,
    address: second.address,
    defaultNamespace: 'default',
    env,
    report: quiet,
  });
  await expectDoor(ui);
  // The UI server's own port, which everybody on the machine reaches: pages, and nothing of Temporal's.
  const { server } = JSON.parse(readFileSync(join(folder, 'ui', 'ports.json'), 'utf8')) as { server: number };
  const inner = (path: string) => statusOf(`https://127.0.0.1:${server}`, path, 'GET', {});
  expect(await inner('/healthz')).toBe(200);
  expect(await inner('/api/v1/namespaces/default/workflows')).toBe(401);
  await ui.stop();
  await second.stop();
  await database.stop('fast');
});

test('Temporal knows every key of the dynamic configuration', { timeout: TIMEOUT }, async () => {
  const programs = await find();
  const file = join(ownFolder(), 'dynamic-config.yaml');
  writeDynamicConfig(file, { forTests: true });
  const said = spawnSync(programs['temporal-server'].path, ['validate-dynamic-config', file], { encoding: 'utf8' });
  // It only warns of an unknown key, and ends with 0: the output is the answer.
  expect({ ...said, output: null }).toMatchObject({ status: 0, stdout: `${file}\n` });
});

/** Only who came by a link looks, and nobody does anything. */
async function expectDoor(ui: RunningTemporalUi): Promise<void> {
  const cookieOf = async (link: string) => {
    const answer = await fetch(link, { redirect: 'manual' });
    return { status: answer.status, cookie: answer.headers.get('set-cookie')?.split(';')[0] ?? '' };
  };
  const link = ui.newLink();
  const { status, cookie } = await cookieOf(link);
  expect(status).toBe(303);
  expect(await cookieOf(link)).toEqual({ status: 401, cookie: '' });
  expect(await cookieOf(`${link.slice(0, -2)}xx`)).toEqual({ status: 401, cookie: '' });
  const list = '/api/v1/namespaces/default/workflows';
  const asked = (path: string, headers: Record<string, string>, method = 'GET', body?: string) =>
    statusOf(ui.url, path, method, headers, body);
  expect(await asked('/', { cookie })).toBe(200);
  expect(await asked(list, { cookie })).toBe(200);
  expect(await asked(list, {})).toBe(401);
  const payloads = JSON.stringify({ payloads: [{ metadata: { encoding: 'eA==' }, data: 'eQ==' }] });
  expect(await asked('/holdfast/decode', {}, 'POST', payloads)).toBe(401);
  const decoded = await fetch(`${ui.url}/holdfast/decode`, { method: 'POST', headers: { cookie }, body: payloads });
  expect(await decoded.text()).toBe(payloads);
  // DNS rebinding: another name that points here.
  expect(await asked(list, { cookie, host: `evil.example:${new URL(ui.url).port}` })).toBe(403);
  const forged = JSON.stringify({
    workflowId: 'job/forged/1',
    workflowType: { name: 'noop' },
    taskQueue: { name: 'x' },
  });
  // A web page's browser sends no cookie with it, and with one (a page of the same machine) nothing is done either.
  for (const headers of [{}, { cookie }] as Record<string, string>[])
    expect(
      await asked(
        `${list}/job%2Fforged%2F1`,
        { ...headers, origin: 'https://evil.example', 'content-type': 'text/plain' },
        'POST',
        forged,
      ),
    ).toBeGreaterThanOrEqual(400);
  expect(await asked(`${list}/job%2Fforged%2F1`, { cookie, 'content-type': 'application/json' }, 'POST', forged)).toBe(
    405,
  );
}

/** Over HTTP as a browser sends it, with any header. */
function statusOf(url: string, path: string, method: string, headers: Record<string, string>, body?: string) {
  return new Promise<number>((resolve, reject) => {
    const order = { method, headers, rejectUnauthorized: false };
    const asked = (url.startsWith('https') ? requestTls : request)(new URL(path, url), order, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    asked.on('error', reject);
    asked.end(body);
  });
}
