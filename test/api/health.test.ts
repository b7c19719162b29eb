import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { buildApp } from '../../src/api/app.ts';
import { type ApiBench, startApi } from './bench.ts';

let api: ApiBench;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api?.close());

test('it lives, and it is ready with every part named', async () => {
  expect((await api.ask('GET', '/healthz', { key: null })).body).toEqual({ status: 'ok' });
  const ready = await api.ask('GET', '/readyz', { key: null });
  expect(ready).toMatchObject({
    status: 200,
    body: { status: 'ready', parts: { database: { state: 'ok' }, temporal: { state: 'ok' } } },
  });
  expect(ready.body.parts.schema.state).toMatch(/^(ok|unknown)$/);
  expect(ready.body.parts.database.ageSeconds).toBeLessThan(60);
});

test('without Temporal it is degraded and takes jobs all the same; with a probe that hangs too', async () => {
  const away = { ok: false, since: null, detail: 'connect ECONNREFUSED 127.0.0.1:7233' };
  const engine = { ...api.parts.engine, state: () => away, probe: () => new Promise<never>(() => {}) };
  const app = await buildApp({ ...api.parts, engine });
  const ready = await app.inject('/readyz');
  expect(ready.statusCode).toBe(200);
  expect(ready.json()).toMatchObject({ status: 'degraded', parts: { temporal: { state: 'away' } } });
  expect(ready.body).not.toContain('7233');
  await app.close();
});

test('without its database it is not ready, answers 503 everywhere, and comes back by itself', async () => {
  const { ownerUrl, owner, name } = api.database;
  expect(ownerUrl).toContain(name);
  await owner.query(`alter database ${name} connection limit 1`);
  await owner.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
  );
  // Until the pools have noticed: a connection that dies between two statements is the matter of another test.
  const isAway = async () => (await api.ask('GET', '/readyz', { key: null })).status === 503;
  await vi.waitUntil(isAway, { timeout: 30_000 });
  const ready = await api.ask('GET', '/readyz', { key: null });
  expect(ready).toMatchObject({ status: 503, body: { status: 'not-ready', parts: { database: { state: 'away' } } } });
  const jobs = await api.ask('GET', 'jobs');
  expect(jobs).toMatchObject({ status: 503, body: { code: 'unavailable' } });
  expect(jobs.headers['retry-after']).toBe('2');
  await owner.query(`alter database ${name} connection limit -1`);
  expect((await api.ask('GET', '/readyz', { key: null })).status).toBe(200);
  expect((await api.ask('GET', 'jobs')).status).toBe(200);
});
