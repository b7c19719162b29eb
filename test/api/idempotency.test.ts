import { afterAll, beforeAll, expect, test } from 'vitest';
import { publicId } from '../../src/lib/ids.ts';
import { host } from '../factories.ts';
import { type ApiBench, startApi } from './bench.ts';

let api: ApiBench;
let hostId: string;
beforeAll(async () => {
  api = await startApi();
  hostId = publicId('host', (await host(api.database.owner, api.org)).id);
});
afterAll(() => api?.close());
const jobs = async () => (await api.counts()).job!;
const start = (key: string, params: object, apiKey?: string) =>
  api.ask('POST', 'jobs', {
    body: { kind: 'noop', target: { hostId }, params },
    headers: { 'idempotency-key': key },
    key: apiKey,
  });

test('the same key with the same body leads to the same job, whatever the order of its fields', async () => {
  const first = await start('one', { message: 'a', sleepMs: 1 });
  const second = await start('one', { sleepMs: 1, message: 'a' });
  expect([first.status, second.status]).toEqual([202, 202]);
  expect(second.body.id).toBe(first.body.id);
  expect(api.passed.filter((s) => publicId('job', s.jobId) === first.body.id)).toHaveLength(1);
});

test('the same key with another body is refused, and writes nothing', async () => {
  await start('two', { message: 'a' });
  const before = await api.counts();
  expect(await start('two', { message: 'b' })).toMatchObject({ status: 422, body: { code: 'idempotency-key-reused' } });
  expect(await api.counts()).toEqual(before);
});

test('of twenty requests at once with one key, one makes the job', async () => {
  const before = await jobs();
  const answers = await Promise.all(Array.from({ length: 20 }, () => start('twenty', { message: 'x' })));
  expect(new Set(answers.map((a) => a.status))).toEqual(new Set([202]));
  expect(new Set(answers.map((a) => a.body.id)).size).toBe(1);
  expect(await jobs()).toBe(before + 1);
});

test('the key of another person is another key', async () => {
  const mine = await start('shared', { message: 'x' });
  const other = await start('shared', { message: 'x' }, await api.newKey());
  expect(other.status).toBe(202);
  expect(other.body.id).not.toBe(mine.body.id);
});

test('twenty repositories at once with one key are one, and its password is shown once', async () => {
  const answers = await Promise.all(
    Array.from({ length: 20 }, () =>
      api.ask('POST', 'repositories', {
        body: { name: 'once', url: '/srv/once' },
        headers: { 'idempotency-key': 'r' },
      }),
    ),
  );
  expect(new Set(answers.map((a) => a.status))).toEqual(new Set([201]));
  expect(new Set(answers.map((a) => a.body.id)).size).toBe(1);
  expect(answers.filter((a) => a.body.password !== null)).toHaveLength(1);
  const notes = answers.filter((a) => a.body.password === null).map((a) => a.body.passwordNote);
  expect(new Set(notes)).toEqual(
    new Set([
      expect.stringMatching(/only its first answer held the password.*holdfast repositories password once --new$/),
    ]),
  );
  const other = { body: { name: 'once', url: '/srv/twice' }, headers: { 'idempotency-key': 'r' } };
  expect((await api.ask('POST', 'repositories', other)).body.code).toBe('idempotency-key-reused');
});

test('a refused request leaves its key free', async () => {
  const refused = await api.ask('POST', 'jobs', { body: { kind: 'nonsense' }, headers: { 'idempotency-key': 'free' } });
  expect(refused.status).toBe(422);
  expect((await start('free', {})).status).toBe(202);
});

test('ifBusy refuse answers 409 with the job in the way, and leaves no job behind', async () => {
  const before = await api.counts();
  const answer = await api.ask('POST', 'jobs', { body: { kind: 'noop', target: { hostId }, ifBusy: 'refuse' } });
  expect(answer).toMatchObject({ status: 409, body: { code: 'host-busy', jobId: expect.stringMatching(/^job_/) } });
  expect(await api.counts()).toEqual(before);
});
