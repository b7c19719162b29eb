import type { ServerResponse } from 'node:http';
import { type IncomingMessage, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { personWithKey } from '../factories.ts';
import { type SpeakingJob, type StreamBench, startStreams } from './stream-bench.ts';

let bench: StreamBench;
let job: SpeakingJob;
/** The server's side of each download. */
const responses: ServerResponse[] = [];
const REPORTS = 200;
beforeAll(async () => {
  bench = await startStreams({ beatMs: 500 });
  bench.app.server.on('request', (_request, response: ServerResponse) => void responses.push(response));
  job = await bench.startJob();
  // 40 MB, far more than the sockets of both ends hold.
  for (let report = 0; report < REPORTS; report++)
    await job.say(Array.from({ length: 200 }, (_, i) => `${report * 200 + i} ${'z'.repeat(1_000)}`));
});
afterAll(() => bench?.close());

interface Reading {
  readonly status: number;
  bytes(): number;
  readonly over: () => 'whole' | 'cut' | null;
  readonly answer: IncomingMessage;
  /** The server's side. */
  readonly response: ServerResponse;
}

/** Asks for the log and takes nothing of it yet. */
function download(key: string): Promise<Reading> {
  return new Promise((resolve, reject) => {
    const url = `${bench.url}/api/v1/jobs/${job.id}/logs/download`;
    const before = responses.length;
    const asking = request(url, { headers: { authorization: `Bearer ${key}` }, agent: false }, (answer) => {
      let bytes = 0;
      let over: 'whole' | 'cut' | null = null;
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      answer.pause();
      answer.on('error', () => {});
      answer.on('close', () => {
        over = answer.complete ? 'whole' : 'cut';
      });
      resolve({
        status: answer.statusCode!,
        bytes: () => bytes,
        over: () => over,
        answer,
        response: responses.slice(before).find(({ req }) => req.url?.endsWith('/download'))!,
      });
    });
    asking.on('error', reject);
    asking.end();
    onTestFinished(() => void asking.destroy());
  });
}

/** Takes what lies ready, 64 KiB at most, again and again: as over a thin line. */
function sip({ answer }: Reading): void {
  const timer = setInterval(() => void answer.read(), 50);
  onTestFinished(() => clearInterval(timer));
}

const patient = { timeout: 30_000, interval: 10 };

test('HJ-15: a slow reader holds a few batches in memory and no more, and gets all of it in the end', async () => {
  const { transactions } = bench.parts.database;
  const idle = transactions.count;
  const quick = await download(bench.key);
  quick.answer.resume();
  await vi.waitUntil(() => quick.over() === 'whole', patient);
  // Two transactions come before the first line.
  const bytesOfOne = quick.bytes() / (transactions.count - idle - 1);
  const before = transactions.count;
  const slow = await download(bench.key);
  let most = 0;
  const held = () => {
    const read = (transactions.count - before - 1) * bytesOfOne;
    return read - (slow.response.socket?.bytesWritten ?? 0);
  };
  for (let i = 0; i < 40; i++) {
    most = Math.max(most, held(), slow.response.writableLength);
    await sleep(10);
  }
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThan(2 * 1024 * 1024);
  expect(transactions.count - before).toBeLessThan((REPORTS * 200 * 1_000) / bytesOfOne / 2);
  slow.answer.resume();
  await vi.waitUntil(() => slow.over() === 'whole', patient);
  expect(slow.bytes()).toBe(quick.bytes());
});

test('UX-5: a reader that takes nothing is cut off, one that takes little is not, and places are for all', async () => {
  const slow = await download(bench.key);
  sip(slow);
  const stalled = [slow];
  while (stalled.length < 8) stalled.push(await download(bench.key));
  expect(stalled.map(({ status }) => status)).toEqual(Array(8).fill(200));
  expect(await download(bench.key)).toMatchObject({ status: 429 });
  const other = await personWithKey(bench.database.owner, bench.org.id, { roles: [['operator', null]] });
  expect(await download(other.key)).toMatchObject({ status: 200 });
  for (const { response } of stalled.slice(1)) await vi.waitUntil(() => response.destroyed, patient);
  expect(slow.response.destroyed).toBe(false);
  expect(await download(bench.key)).toMatchObject({ status: 200 });
});

test.each<[string, (person: Awaited<ReturnType<typeof personWithKey>>) => [string, string]]>([
  ['its key is revoked', ({ keyId }) => ['update api_key set revoked_at = now() where id = $1', keyId]],
  ['its person is disabled', ({ userId }) => [`update app_user set status = 'disabled' where id = $1`, userId]],
  [
    'its role becomes one that reads no logs',
    ({ userId }) => [`update role_assignment set role_key = 'viewer' where user_id = $1`, userId],
  ],
])('UX-4: a download ends within seconds when %s, and the others go on', async (_what, happen) => {
  const person = await personWithKey(bench.database.owner, bench.org.id, { roles: [['operator', null]] });
  const [reading, other] = [await download(person.key), await download(bench.key)];
  for (const one of [reading, other]) sip(one);
  await vi.waitUntil(() => reading.bytes() > 0, patient);
  const [text, id] = happen(person);
  await bench.database.owner.query(text, [id]);
  const began = performance.now();
  await vi.waitUntil(() => reading.response.destroyed, patient);
  // 1 s between two looks at the rights, and some for a busy machine.
  expect(performance.now() - began).toBeLessThan(15_000);
  reading.answer.resume();
  await vi.waitUntil(() => reading.over() !== null, patient);
  expect(reading.over()).toBe('cut');
  expect(other.response.destroyed).toBe(false);
});
