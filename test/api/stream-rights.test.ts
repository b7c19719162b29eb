import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { personWithKey } from '../factories.ts';
import { type SpeakingJob, type StreamBench, startStreams } from './stream-bench.ts';
import { openStream, type StreamReader } from './stream-client.ts';

let bench: StreamBench;
let job: SpeakingJob;
beforeAll(async () => {
  bench = await startStreams({ streams: 12, streamsOfOne: 3 });
  job = await bench.startJob();
  await job.say(['one']);
});
afterAll(() => bench?.close());

async function watch(key: string): Promise<StreamReader> {
  const reader = await openStream(bench.url, job.id, { key });
  onTestFinished(() => reader.drop());
  await reader.until(({ texts, status }) => status !== 200 || texts().length > 0);
  return reader;
}

const sql = (text: string, values: unknown[]) => bench.database.owner.query(text, values);
type Person = Awaited<ReturnType<typeof personWithKey>>;

test.each<[string, string, (person: Person) => Promise<unknown>]>([
  [
    'its key is revoked',
    'unauthenticated',
    ({ keyId }) => sql('update api_key set revoked_at = now() where id = $1', [keyId]),
  ],
  [
    'its key expires',
    'unauthenticated',
    ({ keyId }) => sql('update api_key set expires_at = now() where id = $1', [keyId]),
  ],
  ['its key is deleted', 'unauthenticated', ({ keyId }) => sql('delete from api_key where id = $1', [keyId])],
  [
    'its person is disabled',
    'unauthenticated',
    ({ userId }) => sql(`update app_user set status = 'disabled' where id = $1`, [userId]),
  ],
  [
    'its role is taken away',
    'forbidden',
    ({ userId }) => sql('update role_assignment set deleted_at = now() where user_id = $1', [userId]),
  ],
  [
    'its role becomes one that reads no logs',
    'forbidden',
    ({ userId }) => sql(`update role_assignment set role_key = 'viewer' where user_id = $1`, [userId]),
  ],
  [
    'its key is cut down to other scopes',
    'forbidden',
    ({ keyId }) => sql(`update api_key set scopes = '{job:read}' where id = $1`, [keyId]),
  ],
])('UX-4: a stream ends within seconds when %s, and the others go on', async (_what, code, happen) => {
  const person = await personWithKey(bench.database.owner, bench.org.id, { roles: [['operator', null]] });
  const [reader, other] = [await watch(person.key), await watch(bench.key)];
  await happen(person);
  const began = performance.now();
  await reader.until(({ over }) => over() !== null);
  // 1 s between two looks at the rights, and some for a busy machine.
  expect(performance.now() - began).toBeLessThan(15_000);
  expect(reader.over()).toBe('clean');
  expect(reader.events.at(-1)).toMatchObject({ event: 'closed', data: { code } });
  expect((await openStream(bench.url, job.id, { key: person.key })).status).toBe(code === 'forbidden' ? 403 : 401);
  expect(other.over()).toBeNull();
});

test('UX-5: nobody has more streams than one may have, nor all together; a place is free again when one leaves', async () => {
  const mine = [await watch(bench.key), await watch(bench.key), await watch(bench.key)];
  const refused = await bench.ask('GET', `jobs/${job.id}/stream`);
  expect(refused).toMatchObject({ status: 429, body: { code: 'too-many-streams' } });
  expect(refused.headers['retry-after']).toBe('2');
  mine[0]!.drop();
  await vi.waitUntil(async () => (await watch(bench.key)).status === 200, { timeout: 30_000 });
  const others: StreamReader[] = [];
  // One organisation leaves a tenth for others, here one of twelve.
  for (let i = 0; i < 8; i++) others.push(await watch(await bench.newKey()));
  expect(others.map(({ status }) => status)).toEqual(Array(8).fill(200));
  expect((await openStream(bench.url, job.id, { key: await bench.newKey() })).status).toBe(429);
});
