import { afterAll, beforeAll, expect, test } from 'vitest';
import { publicId } from '../../src/lib/ids.ts';
import { host } from '../factories.ts';
import { type ApiBench, startApi } from './bench.ts';

let api: ApiBench;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api?.close());

test('a repository, a plan and a backup of it: each answer leads to the next', async () => {
  const machine = await host(api.database.owner, api.org, { name: 'db-1' });
  const listed = await api.ask('GET', 'hosts?name=db-1');
  expect(listed.body).toMatchObject({
    items: [{ id: publicId('host', machine.id), name: 'db-1', online: true }],
    nextCursor: null,
  });
  const repository = await api.ask('POST', 'repositories', { body: { name: 'main', url: '/srv/restic' } });
  expect(repository).toMatchObject({
    status: 201,
    body: { backend: 'local', hasPassword: true, password: expect.stringMatching(/^[\w-]{32}$/) },
  });
  const again = await api.ask('GET', `repositories/${repository.body.id}`);
  expect(again.body).not.toHaveProperty('password');
  expect(again.headers.etag).toBe('"1"');
  const plan = await api.ask('POST', 'plans', {
    body: { name: 'etc', hostId: publicId('host', machine.id), repositoryId: repository.body.id, paths: ['/etc'] },
  });
  expect(plan).toMatchObject({ status: 201, body: { paths: ['/etc'], host: { name: 'db-1' } } });
  const job = await api.ask('POST', 'jobs', {
    body: { kind: 'backup', params: { planId: plan.body.id } },
    headers: { 'x-request-id': 'request-0001' },
  });
  expect(job).toMatchObject({
    status: 202,
    body: { state: 'queued', title: 'Back up etc of db-1', requestId: 'request-0001', trigger: 'key' },
  });
  expect(job.headers.location).toBe(`/api/v1/jobs/${job.body.id}`);
  expect(api.passed).toMatchObject([{ kind: 'backup', requestId: 'request-0001' }]);
  const second = await api.ask('POST', 'jobs', {
    body: { kind: 'noop', target: { hostId: publicId('host', machine.id) } },
  });
  expect(second.body).toMatchObject({ state: 'waiting', reason: 'lock', queuePosition: 1, behindJobId: job.body.id });
  expect(second.body.waitsFor).toMatch(/^behind "Back up etc of db-1" \(job_\w+\) of Ada/);
  expect((await api.ask('POST', `jobs/${second.body.id}/cancel`, { body: { reason: 'no need' } })).body).toMatchObject({
    state: 'cancelled',
  });
  expect((await api.ask('POST', `jobs/${job.body.id}/cancel`)).body).toMatchObject({ state: 'cancelled' });
  // Nothing of it was begun, so there is nobody to tell.
  expect(api.cancelled).toHaveLength(0);
});
