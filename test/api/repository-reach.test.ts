import { afterAll, beforeAll, expect, test } from 'vitest';
import { publicId } from '../../src/lib/ids.ts';
import { host, plan, repository, site } from '../factories.ts';
import { type ApiBench, startApi } from './bench.ts';

let api: ApiBench;
/** A viewer who is an admin at a site of his own, with two hosts there. */
let local: { key: string; hosts: [string, string] };
let store: string;
const shown = { host: (id: string) => publicId('host', id), repository: () => publicId('repository', store) };

beforeAll(async () => {
  api = await startApi();
  const { owner } = api.database;
  const branch = await site(owner, api.org.id);
  const at = { ...api.org, siteId: branch };
  const key = await api.newKey({
    roles: [
      ['viewer', null],
      ['admin', branch],
    ],
  });
  local = { key, hosts: [(await host(owner, at)).id, (await host(owner, at)).id] };
  store = (await repository(owner, api.org.id, { password: { keyring: api.parts.keyring, text: 'headquarters' } })).id;
});
afterAll(() => api?.close());

const init = (key: string, hostId: string) =>
  api.ask('POST', 'jobs', {
    key,
    body: { kind: 'init', target: { hostId: shown.host(hostId) }, params: { repositoryId: shown.repository() } },
  });
const newPlan = (key: string, hostId: string, name: string) =>
  api.ask('POST', 'plans', {
    key,
    body: { name, hostId: shown.host(hostId), repositoryId: shown.repository(), paths: ['/etc'] },
  });
const refused = { status: 403, body: { code: 'forbidden', required: 'repository:manage' } };

test('HJ-9: whoever rules one site only cannot bring the password of a repository there', async () => {
  const before = await api.counts();
  expect(await init(local.key, local.hosts[0])).toMatchObject(refused);
  expect(await newPlan(local.key, local.hosts[0], 'mine')).toMatchObject(refused);
  const after = await api.counts();
  expect([after.job, after.plan]).toEqual([before.job, before.plan]);
});

test('HJ-9: with a plan of the host it goes to that host, and plans of the same site may use it', async () => {
  await plan(api.database.owner, api.org.id, { hostId: local.hosts[0], repositoryId: store });
  expect(await init(local.key, local.hosts[1])).toMatchObject(refused);
  expect((await init(local.key, local.hosts[0])).status).toBe(202);
  const second = await newPlan(local.key, local.hosts[1], 'second');
  expect(second.status).toBe(201);
  expect((await init(local.key, local.hosts[1])).status).toBe(202);
});

test('HJ-9: a plan that was removed brings it nowhere any more; repository:manage does', async () => {
  const { owner } = api.database;
  await owner.query('update plan set deleted_at = now() where repository_id = $1', [store]);
  expect(await init(local.key, local.hosts[0])).toMatchObject(refused);
  expect(await newPlan(local.key, local.hosts[0], 'third')).toMatchObject(refused);
  expect((await init(api.key, local.hosts[0])).status).toBe(202);
  expect((await newPlan(api.key, local.hosts[0], 'third')).status).toBe(201);
});
