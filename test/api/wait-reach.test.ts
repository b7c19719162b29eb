import { afterAll, beforeAll, expect, test } from 'vitest';
import { publicId } from '../../src/lib/ids.ts';
import { host, plan, repository, site } from '../factories.ts';
import { type ApiBench, startApi } from './bench.ts';

let api: ApiBench;
/** Sees one site only; a host there shares a repository with a host elsewhere, which holds it. */
let local: string;
let holder: { id: string; title: string };
let planId: string;

beforeAll(async () => {
  api = await startApi();
  const { owner } = api.database;
  const branch = await site(owner, api.org.id);
  local = await api.newKey({ roles: [['operator', branch]] });
  const [near, far] = [await host(owner, { ...api.org, siteId: branch }), await host(owner, api.org)];
  const password = { keyring: api.parts.keyring, text: 'shared' };
  const store = await repository(owner, api.org.id, { password });
  planId = publicId('plan', (await plan(owner, api.org.id, { hostId: near.id, repositoryId: store.id })).id);
  const body = {
    kind: 'init',
    target: { hostId: publicId('host', far.id) },
    params: { repositoryId: publicId('repository', store.id) },
  };
  const held = await api.ask('POST', 'jobs', { body });
  expect(held).toMatchObject({ status: 202, body: { state: 'queued' } });
  holder = held.body;
});
afterAll(() => api?.close());

const backup = (key: string, ifBusy: 'queue' | 'refuse') =>
  api.ask('POST', 'jobs', { key, body: { kind: 'backup', params: { planId }, ifBusy } });
const tellsNothing = (text: string) => {
  expect(text).not.toContain(holder.id);
  expect(text).not.toContain(holder.title);
};

test('HJ-11: a wait names the job in the way to those who may see it, and says "at another site" to the others', async () => {
  const waits = await backup(local, 'queue');
  expect(waits.body).toMatchObject({ state: 'waiting', waitsFor: 'behind a job at another site', behindJobId: null });
  tellsNothing(waits.text);
  for (const path of [`jobs/${waits.body.id}`, 'jobs']) tellsNothing((await api.ask('GET', path, { key: local })).text);
  const seen = await api.ask('GET', `jobs/${waits.body.id}`);
  expect(seen.body).toMatchObject({ waitsFor: expect.stringContaining(holder.id), behindJobId: holder.id });
  expect((await api.ask('GET', 'jobs?state=waiting')).body.items[0].behindJobId).toBe(holder.id);
  const cancelled = await api.ask('POST', `jobs/${waits.body.id}/cancel`, { key: local, body: {} });
  expect(cancelled.status).toBe(202);
});

test('HJ-11: so does the refusal of a start that would have to wait', async () => {
  const refused = await backup(local, 'refuse');
  expect(refused).toMatchObject({ status: 409, body: { code: 'host-busy' } });
  expect(refused.body.jobId).toBeUndefined();
  tellsNothing(refused.text);
  expect((await backup(api.key, 'refuse')).body).toMatchObject({ code: 'host-busy', jobId: holder.id });
});

test('HJ-11: a full cap counts the jobs that may not be named', async () => {
  await api.ask('POST', `jobs/${holder.id}/cancel`, { body: {} });
  const { owner } = api.database;
  const [near] = (await owner.query('select site_id from host h join plan p on p.host_id = h.id')).rows;
  const others = [await host(owner, api.org), await host(owner, { ...api.org, siteId: near.site_id })];
  const store = await repository(owner, api.org.id, { password: { keyring: api.parts.keyring, text: 'capped' } });
  await api.ask('PATCH', `repositories/${publicId('repository', store.id)}`, { body: { maxJobs: 1 } });
  const started = [];
  for (const { id } of others) {
    const made = await plan(owner, api.org.id, { hostId: id, repositoryId: store.id });
    const body = { kind: 'backup', params: { planId: publicId('plan', made.id) } };
    started.push(await api.ask('POST', 'jobs', { body }));
  }
  const [first, second] = started.map(({ body }) => body);
  expect(second.waitsFor).toMatch(new RegExp(`^repository .* is at its cap of 1 job: behind ".*" \\(${first.id}\\)`));
  const local2 = await api.ask('GET', `jobs/${second.id}`, { key: local });
  expect(local2.body.waitsFor).toMatch(/is at its cap of 1 job: behind 1 job at other sites$/);
  expect(local2.text).not.toContain(first.id);
});
