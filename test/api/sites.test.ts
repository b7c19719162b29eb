import { afterAll, beforeAll, expect, test } from 'vitest';
import { publicId } from '../../src/lib/ids.ts';
import { host, personWithKey, site } from '../factories.ts';
import { type ApiBench, startApi } from './bench.ts';

let api: ApiBench;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api?.close());

const create = (name: string, more: object = {}) => api.ask('POST', 'sites', { body: { name, ...more } });
const auditOf = async (id: string) =>
  (
    await api.database.owner.query(
      `select action, object_label, data from audit_event where object_kind = 'site' and object_label = $1 order by at, id`,
      [id],
    )
  ).rows;

test('a site is made with its cap, renamed and removed, and the audit tells each by its name', async () => {
  const made = await create('berlin', { maxJobs: 2 });
  expect(made).toMatchObject({ status: 201, body: { name: 'berlin', maxJobs: 2, version: 1 } });
  expect(made.headers.location).toBe(`/api/v1/sites/${made.body.id}`);
  const path = `sites/${made.body.id}`;
  const changed = await api.ask('PATCH', path, { body: { name: 'north', maxJobs: null } });
  expect(changed).toMatchObject({ status: 200, body: { name: 'north', maxJobs: null } });
  expect(changed.headers.etag).toBe(`"${changed.body.version}"`);
  expect((await api.ask('GET', path)).body).toEqual(changed.body);
  expect((await api.ask('DELETE', path)).status).toBe(204);
  expect((await api.ask('GET', path)).status).toBe(404);
  expect(await auditOf('berlin')).toEqual([{ action: 'site.create', object_label: 'berlin', data: { maxJobs: 2 } }]);
  expect(await auditOf('north')).toEqual([
    { action: 'site.rename', object_label: 'north', data: { before: 'berlin' } },
    { action: 'site.set-cap', object_label: 'north', data: { before: 2, maxJobs: null } },
    { action: 'site.remove', object_label: 'north', data: {} },
  ]);
});

test('a site that was made with a cap has one: its hosts wait behind it', async () => {
  const { body } = await create('capped', { maxJobs: 1 });
  const { rows } = await api.database.owner.query(`select id from site where name = 'capped'`);
  const start = async () => {
    const { id } = await host(api.database.owner, api.org, { siteId: rows[0].id });
    return (await api.ask('POST', 'jobs', { body: { kind: 'noop', target: { hostId: publicId('host', id) } } })).body;
  };
  expect([(await start()).state, (await start()).state]).toEqual(['queued', 'waiting']);
  expect(body.maxJobs).toBe(1);
});

test('of a site that is removed no key of its cap stays', async () => {
  const { body } = await create('gone');
  await api.ask('PATCH', `sites/${body.id}`, { body: { maxJobs: 1 } });
  const keys = async () =>
    (await api.database.owner.query(`select 1 from lock_key where key like 'site/%'`)).rowCount ?? 0;
  const before = await keys();
  expect((await api.ask('DELETE', `sites/${body.id}`)).status).toBe(204);
  expect(await keys()).toBe(before - 1);
});

test('a site that a host or a role belongs to stays', async () => {
  const { owner } = api.database;
  const [hosts, roles] = [await site(owner, api.org.id), await site(owner, api.org.id)];
  await host(owner, api.org, { siteId: hosts });
  await personWithKey(owner, api.org.id, { roles: [['viewer', roles]] });
  for (const id of [hosts, roles]) {
    const before = await api.counts();
    const refused = await api.ask('DELETE', `sites/${publicId('site', id)}`);
    expect(refused.body).toMatchObject({ status: 409, code: 'site-in-use' });
    expect(await api.counts()).toEqual(before);
    expect((await api.ask('GET', `sites/${publicId('site', id)}`)).status).toBe(200);
  }
});

test('two names are not the same, also when both are given at once', async () => {
  const { body } = await create('one');
  expect((await create('one')).body).toMatchObject({ status: 409, code: 'name-taken', errors: [{ pointer: '/name' }] });
  await create('two');
  const taken = await api.ask('PATCH', `sites/${body.id}`, { body: { name: 'two' } });
  expect(taken.body).toMatchObject({ status: 409, code: 'name-taken' });
  expect((await api.ask('PATCH', `sites/${body.id}`, { body: { name: 'one' } })).body.version).toBe(1);
  const twins = await Promise.all(Array.from({ length: 10 }, () => create('twin')));
  expect(twins.map(({ status }) => status).sort()).toEqual([201, ...Array.from({ length: 9 }, () => 409)]);
});
