import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { parsePublicId } from '../../src/lib/ids.ts';
import { organization } from '../factories.ts';
import { changeKind } from '../harness/test-kinds.ts';
import { type SpeakingJob, type StreamBench, startStreams } from './stream-bench.ts';
import { openStream, type StreamAsked, type StreamReader } from './stream-client.ts';

let bench: StreamBench;
beforeAll(async () => {
  bench = await startStreams({ beatMs: 200, lateLinesMs: 1_500 });
});
afterAll(() => bench?.close());

async function watch(job: SpeakingJob, asked: Partial<StreamAsked> = {}): Promise<StreamReader> {
  const reader = await bench.watch(job, asked);
  onTestFinished(() => reader.drop());
  return reader;
}

const numbered = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `line ${from + i}`);
const names = (reader: StreamReader) => reader.events.map(({ event }) => event);

test('HJ-15: a stream says hello, shows the job, its lines as they come, each change, and the end exactly once', async () => {
  const job = await bench.startJob();
  await job.say(numbered(0, 3));
  const reader = await watch(job);
  expect(reader).toMatchObject({
    status: 200,
    headers: {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
      'x-request-id': expect.stringMatching(/^req_/),
    },
  });
  await reader.until(({ texts }) => texts().length === 3);
  await job.say(numbered(3, 5));
  await reader.until(({ texts }) => texts().length === 5);
  await bench.ask('POST', `jobs/${job.id}/cancel`, { body: { reason: 'enough' } });
  expect((await reader.untilEvent('state')).data).toMatchObject({ state: 'cancelling', cancelReason: 'enough' });
  await job.say(numbered(5, 6));
  await job.last();
  await job.finish();
  await reader.until(({ over }) => over() !== null);
  expect(reader.over()).toBe('clean');
  expect(names(reader)).toEqual(['hello', 'job', ...Array(5).fill('line'), 'state', 'line', 'end']);
  expect(reader.texts()).toEqual(numbered(0, 6));
  const [hello, shown, line] = reader.events;
  expect(hello!.data).toMatchObject({
    watermark: expect.stringMatching(/^[0-9a-z]+\.0$/),
    serverTime: expect.stringMatching(/Z$/),
    build: { version: '0.0.0' },
  });
  expect(shown!.data).toMatchObject({ id: job.id, state: 'running', allowed: { cancel: true } });
  expect(line!.data).toEqual({
    run: 1,
    attempt: 1,
    seq: 0,
    at: expect.stringMatching(/Z$/),
    stream: 'out',
    text: 'line 0',
  });
  const end = reader.events.at(-1)!;
  expect(end.data).toMatchObject({ job: { state: 'cancelled', outcome: { code: 'cancelled' } }, logComplete: true });
  const versions = reader.events.flatMap(({ event, data }) =>
    event === 'end' ? data.job.version : (data.version ?? []),
  );
  expect(versions).toEqual(versions.toSorted((a: number, b: number) => a - b));
});

test('HJ-15: who comes after the end gets all lines and the end; who has seen the end is told to stay away', async () => {
  const job = await bench.startJob();
  await job.say(numbered(0, 150));
  await job.say(numbered(150, 400));
  await job.finishEarly();
  const reader = await watch(job);
  await reader.until(({ over }) => over() !== null);
  expect(reader.over()).toBe('clean');
  expect(reader.texts()).toEqual(numbered(0, 400));
  expect(names(reader).filter((name) => name === 'end')).toHaveLength(1);
  // The attempt never said its last line: its host may still bring some.
  expect(reader.events.at(-1)!.data.logComplete).toBe(false);
  const again = await watch(job, { lastId: reader.lastId() });
  await again.until(({ over }) => over() !== null);
  expect(again).toMatchObject({ status: 204, events: [] });
});

test('HJ-15: lines that come after the job has ended are waited for: the state is told at once, the end behind them', async () => {
  const job = await bench.startJob();
  await job.say(numbered(0, 10));
  const reader = await watch(job);
  await reader.until(({ texts }) => texts().length === 10);
  await job.finishEarly();
  expect((await reader.untilEvent('state')).data).toMatchObject({ state: 'cancelled' });
  const late = await watch(job);
  await job.say(numbered(10, 300));
  await job.say(numbered(300, 500));
  await job.last();
  for (const one of [reader, late]) {
    await one.until(({ over }) => over() !== null);
    expect(one.over()).toBe('clean');
    expect(one.texts()).toEqual(numbered(0, 500));
    expect(names(one).filter((name) => name === 'end')).toHaveLength(1);
    expect(one.events.at(-1)).toMatchObject({ event: 'end', data: { logComplete: true } });
  }
});

test('HJ-15: from every id in the middle the next line comes, over attempts and late lines of an earlier one', async () => {
  const job = await bench.startJob();
  await job.say(numbered(0, 3), 1);
  const reader = await watch(job);
  await reader.until(({ texts }) => texts().length === 3);
  await job.say(['second attempt 0', 'second attempt 1'], 2);
  await reader.until(({ texts }) => texts().length === 5);
  // The host was cut off; now it brings what the first attempt still had to say.
  await job.say(['late 3', 'late 4'], 1);
  await reader.until(({ texts }) => texts().length === 7);
  await job.say(['second attempt 2'], 2);
  await job.finish();
  await reader.until(({ over }) => over() !== null);
  const live = [...numbered(0, 3), 'second attempt 0', 'second attempt 1', 'late 3', 'late 4', 'second attempt 2'];
  expect(reader.texts()).toEqual(live);
  const lines = reader.events.filter(({ event }) => event === 'line');
  for (const [at, { id }] of lines.entries()) {
    const again = await watch(job, { lastId: id });
    await again.until(({ over }) => over() !== null);
    expect(new Set(again.texts()), `after ${id}`).toEqual(new Set(live.slice(at + 1)));
    expect(again.texts()).toHaveLength(live.length - at - 1);
    expect(names(again).filter((name) => name === 'end' || name === 'reset')).toEqual(['end']);
  }
});

test('HJ-15: a tail starts with the last lines, also when each came alone, and goes on from its ids', async () => {
  const job = await bench.startJob();
  for (let i = 0; i < 60; i++) await job.say([`line ${i}`]);
  const reader = await watch(job, { query: '?tail=50' });
  await reader.until(({ texts }) => texts().length === 50);
  expect(reader.texts()).toEqual(numbered(10, 60));
  reader.drop();
  const again = await watch(job, {
    query: '?tail=50',
    lastId: reader.events.find(({ event }) => event === 'line')!.id,
  });
  await again.until(({ texts }) => texts().length === 49);
  const none = await watch(job, { query: '?tail=0' });
  await none.untilEvent('job');
  await job.say(['line 60']);
  await none.until(({ texts }) => texts().length === 1);
  expect(none.texts()).toEqual(['line 60']);
});

test('UX-4: an id that the log cannot go on from is answered with reset and everything', async () => {
  const job = await bench.startJob();
  await job.say(numbered(0, 5));
  for (const lastId of ['1.1.6', '1.2.1', 'rubbish', '1.1.3_9.9.9', '~end', '0~']) {
    const reader = await watch(job, { lastId });
    await reader.until(({ texts }) => texts().length === 5);
    expect(names(reader).slice(0, 3), lastId).toEqual(['hello', 'reset', 'job']);
    reader.drop();
  }
});

test('HJ-15: lines whose day was dropped are a visible gap, and the rest comes', async () => {
  const job = await bench.startJob();
  await job.say(numbered(0, 10));
  await job.say(numbered(10, 20));
  await job.say(numbered(20, 30));
  await bench.database.owner.query('delete from log_chunk where job_id = $1 and first_seq = any($2)', [
    parsePublicId('job', job.id),
    [10],
  ]);
  const reader = await watch(job);
  await reader.until(({ texts }) => texts().length === 20);
  expect(reader.texts()).toEqual([...numbered(0, 10), ...numbered(20, 30)]);
  expect(reader.events[12]).toMatchObject({ event: 'gap', data: { fromSeq: 10, toSeq: 19, lines: 10 }, id: '1.1.20' });
  await bench.database.owner.query('delete from log_chunk where job_id = $1', [parsePublicId('job', job.id)]);
  const empty = await watch(job, { lastId: '1.1.4' });
  expect((await empty.untilEvent('gap')).data).toMatchObject({ fromSeq: 4, toSeq: 29, lines: 26 });
});

test('HJ-15: what an attempt says beyond the bound of its kind is dropped, counted, and shown by stream, page and download', async () => {
  const { registry } = bench.parts.database;
  changeKind({ registry }, 'noop', { limits: { ...registry.kinds.byKey('noop')!.limits, logBytes: 1_000 } });
  const job = await bench.startJob();
  const reader = await watch(job);
  await reader.untilEvent('job');
  const words = (from: number) => Array.from({ length: 200 }, (_, i) => `${from + i} ${'x'.repeat(1_100)}`);
  for (let from = 0; from < 2_000; from += 200) await job.say(words(from));
  await job.finish();
  await reader.until(({ over }) => over() !== null);
  const kept = reader.texts().length;
  expect(kept).toBeLessThan(1_000);
  const gaps = reader.events.filter(({ event }) => event === 'gap').map(({ data }) => data);
  expect(gaps.reduce((sum, gap) => sum + gap.lines, kept)).toBe(2_000);
  expect(reader.events.at(-1)).toMatchObject({ event: 'end', data: { logComplete: true } });
  const page = (await bench.ask('GET', `jobs/${job.id}/logs?limit=2000`)).body;
  const gap = { run: 1, attempt: 1, fromSeq: kept, toSeq: 1_999, lines: 2_000 - kept };
  expect([page.lines.length, page.gaps, page.hasMore]).toEqual([kept, [gap], false]);
  expect((await bench.ask('GET', `jobs/${job.id}/logs?tail=10`)).body).toMatchObject({
    lines: [],
    gaps: [{ fromSeq: 1_990, toSeq: 1_999, lines: 10 }],
  });
  const headers = { authorization: `Bearer ${bench.key}` };
  const file = await (await fetch(`${bench.url}/api/v1/jobs/${job.id}/logs/download`, { headers })).text();
  expect(file.trimEnd().split('\n').at(-1)).toBe(`--- ${gap.lines} lines dropped (1.1.${kept} to 1999) ---`);
});

test('HJ-16: progress comes at most twice a second, the newest at last, and is no line', async () => {
  const job = await bench.startJob();
  const reader = await watch(job);
  await reader.untilEvent('job');
  const began = performance.now();
  for (let i = 1; i <= 60; i++) {
    await job.progress(i / 100);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  await reader.until(({ events }) => events.at(-1)!.data.progress?.fraction === 0.6);
  const windows = Math.ceil((performance.now() - began) / 500);
  const seen = reader.events.filter(({ event }) => event === 'progress');
  expect(seen.length).toBeGreaterThan(1);
  expect(seen.length).toBeLessThanOrEqual(windows + 1);
  expect(seen.at(-1)!.data.progress).toMatchObject({ bytesTotal: 1000, current: '/srv/file', etaSeconds: 5 });
  expect(reader.texts()).toEqual([]);
  expect((await watch(job).then((late) => late.untilEvent('job'))).data.progress.fraction).toBe(0.6);
});

test('a stream without news shows that it lives', async () => {
  const reader = await watch(await bench.startJob());
  await reader.until(({ comments }) => comments() >= 2);
  expect(reader.over()).toBeNull();
});

test("another organisation's job, a job that is not there and a viewer without the right get no stream", async () => {
  const job = await bench.startJob();
  const stranger = await bench.newKey({}, (await organization(bench.database.owner)).id);
  expect((await openStream(bench.url, job.id, { key: stranger })).status).toBe(404);
  expect((await openStream(bench.url, `job_${'0'.repeat(26)}`, { key: bench.key })).status).toBe(404);
  const viewer = await bench.newKey({ roles: [['viewer', null]] });
  expect((await openStream(bench.url, job.id, { key: viewer })).status).toBe(403);
  expect((await openStream(bench.url, job.id, { key: 'none' })).status).toBe(401);
  expect((await openStream(bench.url, job.id, { key: bench.key, query: '?tail=-1' })).status).toBe(422);
  expect((await bench.ask('HEAD', `jobs/${job.id}/stream`)).status).toBe(405);
});

test('why a job waits is told anew when it changes, though its row did not', async () => {
  const first = await bench.startJob();
  const body = { kind: 'noop', target: { hostId: (await bench.ask('GET', `jobs/${first.id}`)).body.host.id } };
  const second = (await bench.ask('POST', 'jobs', { body })).body;
  const third = (await bench.ask('POST', 'jobs', { body })).body;
  const reader = await watch({ ...first, id: third.id });
  expect((await reader.untilEvent('job')).data).toMatchObject({ state: 'waiting', queuePosition: 2 });
  await bench.ask('POST', `jobs/${second.id}/cancel`);
  expect((await reader.untilEvent('state')).data).toMatchObject({ state: 'waiting', queuePosition: 1 });
});

test('a host that goes away while its job runs is told to who watches the job', async () => {
  const job = await bench.startJob();
  const reader = await watch(job);
  expect((await reader.untilEvent('job')).data.waitsFor).toBeNull();
  await bench.database.owner.query(
    'update host set present = false where id = (select host_id from job where id = $1)',
    [parsePublicId('job', job.id)],
  );
  expect((await reader.untilEvent('state')).data.waitsFor).toMatch(
    /^host host-\d+ is away since .*; it stops by itself by /,
  );
});
