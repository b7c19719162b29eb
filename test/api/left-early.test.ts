import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { organization } from '../factories.ts';
import { type SpeakingJob, type StreamBench, startStreams } from './stream-bench.ts';
import { openStream } from './stream-client.ts';

let bench: StreamBench;
let job: SpeakingJob;
beforeAll(async () => {
  bench = await startStreams({ streams: 10, streamsOfOne: 3 });
  job = await bench.startJob();
  // More than sockets hold, so that a download lasts until it is read or cut.
  for (let report = 0; report < 60; report++)
    await job.say(Array.from({ length: 200 }, (_, i) => `${i} ${'z'.repeat(1_000)}`));
});
afterAll(() => bench?.close());

type Path = 'stream' | 'logs/download';
const head = (path: Path, key = bench.key, id = job.id) =>
  `GET /api/v1/jobs/${id}/${path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${key}\r\n\r\n`;

/** Sends requests behind each other on one connection, and cuts it after so many milliseconds. */
function cutAfter(ms: number, ...paths: Path[]): Promise<void> {
  const socket = connect(Number(new URL(bench.url).port), '127.0.0.1');
  socket.on('error', () => {});
  socket.on('connect', () => {
    socket.write(paths.map((path) => head(path)).join(''));
    setTimeout(() => socket.resetAndDestroy(), ms);
  });
  return new Promise((resolve) => socket.on('close', () => resolve()));
}

/** Opens and holds so many, and says how many of them were let in. */
async function letIn(path: Path, count: number, key = bench.key): Promise<number> {
  const readers = await Promise.all(
    Array.from({ length: count }, () =>
      path === 'stream'
        ? openStream(bench.url, job.id, { key }).then(({ status, drop }) => ({ ok: status === 200, drop }))
        : download(key),
    ),
  );
  for (const { drop } of readers) drop();
  return readers.filter(({ ok }) => ok).length;
}

function download(key: string, id = job.id): Promise<{ ok: boolean; drop: () => void }> {
  const socket = connect(Number(new URL(bench.url).port), '127.0.0.1');
  socket.write(head('logs/download', key, id));
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.once('data', (chunk) => {
      socket.pause();
      resolve({ ok: String(chunk).startsWith('HTTP/1.1 200'), drop: () => socket.destroy() });
    });
  });
}

test('UX-5: a thousand requests that are cut at any moment leave no place taken', async () => {
  const cuts: Promise<void>[] = [];
  for (let i = 0; i < 1_000; i++) {
    const [one, other]: Path[] = i % 2 ? ['stream', 'logs/download'] : ['logs/download', 'stream'];
    // From before the answer begins until it is under way; each fourth with more requests waiting behind it.
    cuts.push(i % 4 === 0 ? cutAfter(i % 37, one!, one!, other!) : cutAfter(i % 37, one!));
    if (cuts.length === 20) await Promise.all(cuts.splice(0));
  }
  await Promise.all(cuts);
  const patient = { timeout: 30_000, interval: 100 };
  await vi.waitUntil(async () => (await letIn('stream', 4)) === 3, patient);
  await vi.waitUntil(async () => (await letIn('logs/download', 9)) === 8, patient);
  expect(bench.logged()).not.toContain('request failed: internal error');
});

test('UX-5: a reader that left before its answer began holds no place', async () => {
  const cuts = Array.from({ length: 12 }, () => cutAfter(0, 'logs/download'));
  await Promise.all([...cuts, ...Array.from({ length: 12 }, () => cutAfter(0, 'stream'))]);
  const patient = { timeout: 30_000, interval: 100 };
  await vi.waitUntil(async () => (await letIn('logs/download', 8)) === 8, patient);
  await vi.waitUntil(async () => (await letIn('stream', 3)) === 3, patient);
});

test('UX-5: one organisation does not take all places for downloads and streams from the others', async () => {
  const { owner } = bench.database;
  const keys: string[] = [];
  for (let i = 0; i < 4; i++) keys.push(await bench.newKey({ roles: [['operator', null]] }));
  const held = await Promise.all(keys.flatMap((key) => Array.from({ length: 8 }, () => download(key))));
  expect(held.filter(({ ok }) => ok)).toHaveLength(24);
  const streams = await Promise.all(
    keys.flatMap((key) => Array.from({ length: 3 }, () => openStream(bench.url, job.id, { key }))),
  );
  expect(streams.filter(({ status }) => status === 200)).toHaveLength(9);
  const theirs = await bench.newKey({}, (await organization(owner)).id);
  const { id } = (await bench.ask('POST', 'jobs', { key: theirs, body: { kind: 'noop' } })).body;
  expect((await download(theirs, id)).ok).toBe(true);
  expect((await openStream(bench.url, id, { key: theirs })).status).toBe(200);
  for (const { drop } of [...held, ...streams]) drop();
});
