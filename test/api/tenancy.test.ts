import { afterAll, beforeAll, expect, test } from 'vitest';
import { publicId } from '../../src/lib/ids.ts';
import { host, organization, personWithKey, plan, repository, site, uuid } from '../factories.ts';
import { type Answer, type ApiBench, startApi } from './bench.ts';

let api: ApiBench;
/** What belongs to somebody else, and what belongs to nobody. */
let theirs: Record<'site' | 'host' | 'repository' | 'plan' | 'job', string>;
let nobodys: typeof theirs;
let ours: { hostId: string; repositoryId: string };
beforeAll(async () => {
  api = await startApi();
  const { owner } = api.database;
  const other = await organization(owner);
  const { key } = await personWithKey(owner, other.id);
  const machine = await host(owner, other);
  const store = await repository(owner, other.id, { password: { keyring: api.parts.keyring, text: 'their password' } });
  const folders = await plan(owner, other.id, { hostId: machine.id, repositoryId: store.id });
  const job = await api.ask('POST', 'jobs', {
    key,
    body: { kind: 'noop', target: { hostId: publicId('host', machine.id) } },
  });
  expect(job.status).toBe(202);
  theirs = {
    site: publicId('site', other.siteId),
    host: publicId('host', machine.id),
    repository: publicId('repository', store.id),
    plan: publicId('plan', folders.id),
    job: job.body.id,
  };
  const nobody = (noun: keyof typeof theirs) => publicId(noun, uuid());
  nobodys = {
    site: nobody('site'),
    host: nobody('host'),
    repository: nobody('repository'),
    plan: nobody('plan'),
    job: nobody('job'),
  };
  ours = {
    hostId: publicId('host', (await host(owner, api.org)).id),
    repositoryId: publicId('repository', (await repository(owner, api.org.id)).id),
  };
});
afterAll(() => api?.close());

/** The whole answer but the request id: status, headers that say something, body. */
const telling = ({ status, headers, text, body }: Answer) => ({
  status,
  type: headers['content-type'],
  text: text.replace(body.requestId ?? 'no id', 'ID'),
  length: headers['content-length']?.length,
});

const PLACES: [string, (ids: typeof theirs) => Parameters<ApiBench['ask']>][] = [
  ['a host', (ids) => ['GET', `hosts/${ids.host}`]],
  ['a repository', (ids) => ['GET', `repositories/${ids.repository}`]],
  [
    'credentials of a repository',
    (ids) => ['PUT', `repositories/${ids.repository}/credentials`, { body: { password: 'a new password' } }],
  ],
  [
    'the address of a repository',
    (ids) => ['PUT', `repositories/${ids.repository}/address`, { body: { url: '/srv/stolen' } }],
  ],
  ['the cap of a repository', (ids) => ['PATCH', `repositories/${ids.repository}`, { body: { maxJobs: 1 } }]],
  ['a site', (ids) => ['GET', `sites/${ids.site}`]],
  ['the cap of a site', (ids) => ['PATCH', `sites/${ids.site}`, { body: { maxJobs: 1 } }]],
  ['a plan', (ids) => ['GET', `plans/${ids.plan}`]],
  ['the change of a plan', (ids) => ['PATCH', `plans/${ids.plan}`, { body: { paths: ['/b'] } }]],
  ['the removal of a plan', (ids) => ['DELETE', `plans/${ids.plan}`]],
  ['a job', (ids) => ['GET', `jobs/${ids.job}`]],
  ['the log of a job', (ids) => ['GET', `jobs/${ids.job}/logs`]],
  ['the tail of a log', (ids) => ['GET', `jobs/${ids.job}/logs?tail=5`]],
  ['the stream of a job', (ids) => ['GET', `jobs/${ids.job}/stream`]],
  ['the download of a log', (ids) => ['GET', `jobs/${ids.job}/logs/download`]],
  ['the engine of a job', (ids) => ['GET', `jobs/${ids.job}/engine`]],
  ['the cancel of a job', (ids) => ['POST', `jobs/${ids.job}/cancel`]],
  ['jobs of a host', (ids) => ['GET', `jobs?hostId=${ids.host}`]],
  ['jobs of a plan', (ids) => ['GET', `jobs?planId=${ids.plan}`]],
  ['plans of a host', (ids) => ['GET', `plans?hostId=${ids.host}`]],
  ['plans of a repository', (ids) => ['GET', `plans?repositoryId=${ids.repository}`]],
  ['a job on a host', (ids) => ['POST', 'jobs', { body: { kind: 'noop', target: { hostId: ids.host } } }]],
  ['a backup of a plan', (ids) => ['POST', 'jobs', { body: { kind: 'backup', params: { planId: ids.plan } } }]],
  [
    'an init of a repository',
    (ids) => [
      'POST',
      'jobs',
      { body: { kind: 'init', target: { hostId: ours.hostId }, params: { repositoryId: ids.repository } } },
    ],
  ],
  [
    'a plan on a host',
    (ids) => [
      'POST',
      'plans',
      { body: { name: 'x', hostId: ids.host, repositoryId: ours.repositoryId, paths: ['/a'] } },
    ],
  ],
  [
    'a plan into a repository',
    (ids) => [
      'POST',
      'plans',
      { body: { name: 'x', hostId: ours.hostId, repositoryId: ids.repository, paths: ['/a'] } },
    ],
  ],
];

test.each(PLACES)('%s of another organisation answers exactly as if it were not there', async (_what, request) => {
  const before = await api.counts();
  const [there, nowhere] = [await api.ask(...request(theirs)), await api.ask(...request(nobodys))];
  expect(telling(there)).toEqual(telling(nowhere));
  if (there.status === 200) expect(there.body.items).toEqual([]);
  else expect([404, 422]).toContain(there.status);
  expect(await api.counts()).toEqual(before);
});

test('lists show nothing of another organisation', async () => {
  for (const path of ['sites', 'hosts', 'repositories', 'plans', 'jobs']) {
    const { text } = await api.ask('GET', `${path}?limit=200`);
    for (const id of Object.values(theirs)) expect(text).not.toContain(id);
  }
});

test('who has a role at one site sees that site only, and does there what the role says', async () => {
  const { owner } = api.database;
  const [north, south] = [await site(owner, api.org.id), await site(owner, api.org.id)];
  const [here, there] = [await host(owner, api.org, { siteId: north }), await host(owner, api.org, { siteId: south })];
  const key = await api.newKey({ roles: [['operator', north]] });
  const start = (id: string) =>
    api.ask('POST', 'jobs', { key, body: { kind: 'noop', target: { hostId: publicId('host', id) } } });
  const listed = await api.ask('GET', 'hosts', { key });
  expect(listed.body.items.map((h: { id: string }) => h.id)).toEqual([publicId('host', here.id)]);
  expect((await api.ask('GET', `hosts/${publicId('host', there.id)}`, { key })).status).toBe(404);
  expect((await start(there.id)).body).toMatchObject({ status: 422, code: 'unknown-target' });
  const job = await start(here.id);
  expect(job.status).toBe(202);
  const elsewhere = await api.ask('POST', 'jobs', {
    body: { kind: 'noop', target: { hostId: publicId('host', there.id) } },
  });
  expect((await api.ask('GET', `jobs/${elsewhere.body.id}`, { key })).status).toBe(404);
  const seen = await api.ask('GET', 'jobs', { key });
  expect(seen.body.items.map((j: { id: string }) => j.id)).toEqual([job.body.id]);
  expect((await api.ask('GET', 'repositories', { key })).body).toMatchObject({
    status: 403,
    required: 'repository:read',
  });
});

test('an operator who is a viewer at one site sees jobs there and cannot cancel them: 403, not 404', async () => {
  const { owner } = api.database;
  const quiet = await site(owner, api.org.id);
  const machine = await host(owner, api.org, { siteId: quiet });
  const job = await api.ask('POST', 'jobs', {
    body: { kind: 'noop', target: { hostId: publicId('host', machine.id) } },
  });
  const key = await api.newKey({
    roles: [
      ['operator', null],
      ['viewer', quiet],
    ],
  });
  expect((await api.ask('GET', `jobs/${job.body.id}`, { key })).status).toBe(200);
  expect((await api.ask('POST', `jobs/${job.body.id}/cancel`, { key })).body).toMatchObject({
    status: 403,
    required: 'job:cancel',
  });
  expect((await api.ask('GET', `jobs/${job.body.id}/logs`, { key })).body).toMatchObject({
    status: 403,
    required: 'job:read_logs',
  });
});
