import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { publicId } from '../../src/lib/ids.ts';
import { host, organization, personWithKey, plan, repository, site, uuid } from '../factories.ts';
import { type ApiBench, startApi } from './bench.ts';

let api: ApiBench;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api?.close());

const start = async (hostId: string) =>
  (await api.ask('POST', 'jobs', { body: { kind: 'noop', target: { hostId: publicId('host', hostId) } } })).body;

async function siteWithHosts(count: number): Promise<{ id: string; path: string; hosts: string[] }> {
  const { owner } = api.database;
  const id = await site(owner, api.org.id);
  const hosts: string[] = [];
  for (let i = 0; i < count; i++) hosts.push((await host(owner, api.org, { siteId: id })).id);
  return { id, path: `sites/${publicId('site', id)}`, hosts };
}

test('HJ-11: the cap of a site is set, shown, raised and taken away, and what it lets in is passed on', async () => {
  const { id, path, hosts } = await siteWithHosts(3);
  const first = await api.ask('GET', path);
  expect(first).toMatchObject({ status: 200, body: { maxJobs: null, version: 1 } });
  const set = await api.ask('PATCH', path, { body: { maxJobs: 1 }, headers: { 'if-match': first.headers.etag! } });
  expect(set).toMatchObject({ status: 200, headers: { etag: '"2"' }, body: { maxJobs: 1, version: 2 } });
  const jobs = [await start(hosts[0]!), await start(hosts[1]!), await start(hosts[2]!)];
  expect(jobs.map(({ state }) => state)).toEqual(['queued', 'waiting', 'waiting']);
  expect(jobs[2]).toMatchObject({ reason: 'lock', behindJobId: jobs[0].id, queuePosition: 2 });
  expect(jobs[1].waitsFor).toMatch(
    new RegExp(`^site site-\\d+ is at its cap of 1 job: behind ".+" \\(${jobs[0].id}\\)`),
  );
  const before = api.passed.length;
  expect((await api.ask('PATCH', path, { body: { maxJobs: 2 } })).body.maxJobs).toBe(2);
  expect(api.passed.slice(before).map(({ jobId }) => publicId('job', jobId))).toEqual([jobs[1].id]);
  expect((await api.ask('PATCH', path, { body: { maxJobs: null } })).body.maxJobs).toBe(null);
  expect(api.passed.slice(before).map(({ jobId }) => publicId('job', jobId))).toEqual([jobs[1].id, jobs[2].id]);
  const { rows } = await api.database.owner.query(
    `select action, data from audit_event where object_id = $1 order by at, id`,
    [id],
  );
  expect(rows).toEqual([
    { action: 'site.set-cap', data: { maxJobs: 1, before: null } },
    { action: 'site.set-cap', data: { maxJobs: 2, before: 1 } },
    { action: 'site.set-cap', data: { maxJobs: null, before: 2 } },
  ]);
});

test('a repository has its cap from the beginning or gets one later', async () => {
  const { owner } = api.database;
  const made = await api.ask('POST', 'repositories', { body: { name: 'capped', url: '/srv/capped', maxJobs: 1 } });
  expect(made).toMatchObject({ status: 201, body: { maxJobs: 1 } });
  const other = await repository(owner, api.org.id, { password: { keyring: api.parts.keyring, text: 'a password' } });
  const path = `repositories/${publicId('repository', other.id)}`;
  expect((await api.ask('GET', path)).body.maxJobs).toBe(null);
  const backUp = async () => {
    const machine = await host(owner, api.org);
    const { id } = await plan(owner, api.org.id, { hostId: machine.id, repositoryId: other.id });
    return (await api.ask('POST', 'jobs', { body: { kind: 'backup', params: { planId: publicId('plan', id) } } })).body;
  };
  expect((await api.ask('PATCH', path, { body: { maxJobs: 1 } })).body).toMatchObject({ maxJobs: 1, version: 2 });
  const [first, second] = [await backUp(), await backUp()];
  expect([first.state, second.state]).toEqual(['queued', 'waiting']);
  expect(second.waitsFor).toContain('is at its cap of 1 job: behind');
  await api.ask('PATCH', path, { body: { maxJobs: 2 } });
  expect((await api.ask('GET', `jobs/${second.id}`)).body.state).toBe('queued');
  expect(api.passed.at(-1)).toMatchObject({ kind: 'backup' });
});

describe('a cap that is none is refused with the field, and changes nothing', () => {
  const places = ['site', 'repository'] as const;
  const wrong = [0, -1, 1.5, '2', 100_000];
  test.each(places.flatMap((noun) => wrong.map((value) => [noun, value] as const)))('%s: %s', async (noun, value) => {
    const { path } = await siteWithHosts(0);
    const store = await repository(api.database.owner, api.org.id);
    const at = noun === 'site' ? path : `repositories/${publicId('repository', store.id)}`;
    const before = await api.counts();
    expect((await api.ask('PATCH', at, { body: { maxJobs: value } })).body).toMatchObject({
      status: 422,
      code: 'invalid-input',
      errors: [expect.objectContaining({ pointer: '/maxJobs' })],
    });
    expect((await api.ask('GET', at)).body).toMatchObject({ maxJobs: null, version: 1 });
    expect(await api.counts()).toEqual(before);
  });

  test('the limits themselves, unknown fields, and nothing at all', async () => {
    const { path } = await siteWithHosts(0);
    expect((await api.ask('PATCH', path, { body: { maxJobs: 1_000 } })).status).toBe(200);
    expect((await api.ask('PATCH', path, { body: { maxJobs: 1_001 } })).status).toBe(422);
    const store = `repositories/${publicId('repository', (await repository(api.database.owner, api.org.id)).id)}`;
    expect((await api.ask('PATCH', store, { body: { maxJobs: 50 } })).status).toBe(200);
    expect((await api.ask('PATCH', store, { body: { maxJobs: 51 } })).status).toBe(422);
    expect((await api.ask('PATCH', store, { body: { maxJobs: 1, url: '/srv/elsewhere' } })).status).toBe(422);
    expect((await api.ask('PATCH', store, { body: {} })).status).toBe(422);
    const made = await api.ask('POST', 'repositories', { body: { name: 'none', url: '/srv/none', maxJobs: 0 } });
    expect(made.body).toMatchObject({ status: 422, errors: [expect.objectContaining({ pointer: '/maxJobs' })] });
  });
});

test('who changes a version that is gone is told, and nothing changes', async () => {
  const { path } = await siteWithHosts(0);
  const store = `repositories/${publicId('repository', (await repository(api.database.owner, api.org.id)).id)}`;
  for (const at of [path, store]) {
    await api.ask('PATCH', at, { body: { maxJobs: 3 } });
    const late = await api.ask('PATCH', at, { body: { maxJobs: 4 }, headers: { 'if-match': '"1"' } });
    expect(late.body).toMatchObject({ status: 412, code: 'version-conflict' });
    expect((await api.ask('GET', at)).body).toMatchObject({ maxJobs: 3, version: 2 });
  }
});

test('an operator sees caps and may not change them; a role at one site sees that site only', async () => {
  const { owner } = api.database;
  const [here, there] = [await siteWithHosts(0), await siteWithHosts(0)];
  const store = `repositories/${publicId('repository', (await repository(owner, api.org.id)).id)}`;
  const key = await api.newKey({ roles: [['operator', null]] });
  for (const [at, required] of [
    [here.path, 'site:manage'],
    [store, 'repository:manage'],
  ] as const) {
    // biome-ignore format: one line
    expect((await api.ask('GET', at, { key })).status).toBe(200);
    const refused = await api.ask('PATCH', at, { key, body: { maxJobs: 1 } });
    expect(refused.body).toMatchObject({ status: 403, required });
  }
  const local = await api.newKey({ roles: [['admin', here.id]] });
  expect((await api.ask('GET', 'sites', { key: local })).body.items).toMatchObject([{ id: publicId('site', here.id) }]);
  expect((await api.ask('GET', there.path, { key: local })).status).toBe(404);
  expect((await api.ask('PATCH', here.path, { key: local, body: { maxJobs: 1 } })).status).toBe(403);
});

test('sites and repositories of another organisation answer as if they were not there, and keep their caps', async () => {
  const { owner } = api.database;
  const other = await organization(owner);
  const theirs = await repository(owner, other.id);
  const { key } = await personWithKey(owner, other.id);
  for (const [theirPath, nowhere] of [
    [`sites/${publicId('site', other.siteId)}`, `sites/${publicId('site', uuid())}`],
    [`repositories/${publicId('repository', theirs.id)}`, `repositories/${publicId('repository', uuid())}`],
  ] as const) {
    for (const method of ['GET', 'PATCH']) {
      const asked = method === 'PATCH' ? { body: { maxJobs: 1 } } : {};
      const [there, missing] = [await api.ask(method, theirPath, asked), await api.ask(method, nowhere, asked)];
      expect(there.status).toBe(404);
      expect({ ...there.body, requestId: '' }).toEqual({ ...missing.body, requestId: '' });
    }
    expect((await api.ask('GET', theirPath, { key })).body).toMatchObject({ maxJobs: null, version: 1 });
  }
  const listed = await api.ask('GET', 'sites?limit=200');
  expect(listed.text).not.toContain(publicId('site', other.siteId));
});
