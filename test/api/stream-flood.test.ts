import { connect, type Socket } from 'node:net';
import pg from 'pg';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { parsePublicId } from '../../src/lib/ids.ts';
import { type SpeakingJob, type StreamBench, startStreams } from './stream-bench.ts';
import type { StreamReader } from './stream-client.ts';

let bench: StreamBench;
beforeAll(async () => {
  bench = await startStreams({ recentBytes: 32 * 1024, beatMs: 500 });
});
afterAll(() => bench?.close());

/** Speaks without a pause until it is told to stop or has said so much; answers how many lines it said. */
function flood(job: SpeakingJob, words = 'x'.repeat(60), most = Number.POSITIVE_INFINITY): () => Promise<number> {
  let going = true;
  let said = 0;
  const speaking = (async () => {
    while (going && said < most) {
      await job.say(Array.from({ length: 200 }, () => `${said++} ${words}`));
    }
  })();
  return async () => {
    going = false;
    await speaking;
    return said;
  };
}

const numberOf = (text: string): number => Number.parseInt(text, 10);

test('HJ-15: a viewer that is dropped a hundred times in a flood gets each line once, in order, and the end once', async () => {
  const job = await bench.startJob();
  const stop = flood(job);
  const seen: number[] = [];
  let lastId: string | undefined;
  let reader: StreamReader | null = null;
  const take = (one: StreamReader) => {
    seen.push(...one.texts().map(numberOf));
    lastId = one.lastId() ?? lastId;
  };
  for (let drop = 0; drop < 100; drop++) {
    reader = await bench.watch(job, { lastId });
    // At another place each time: in the hello, in history, at the seam to what is live, and in what is live.
    await reader.until(({ texts, events }) => events.length > 0 && texts().length >= (drop * 37) % 900);
    reader.drop();
    take(reader);
  }
  const said = await stop();
  await job.finish();
  const last = await bench.watch(job, { lastId });
  await last.until(({ over }) => over() !== null);
  take(last);
  expect(last.over()).toBe('clean');
  expect(seen.length).toBe(said);
  expect(seen.every((number, index) => number === index)).toBe(true);
  expect(last.events.filter(({ event }) => event === 'end')).toHaveLength(1);
  expect(said).toBeGreaterThan(5_000);
});

test('HJ-15: twenty viewers that come during a flood all get the same whole log', async () => {
  const job = await bench.startJob();
  const stop = flood(job, 'x'.repeat(60), 20_000);
  const readers: StreamReader[] = [];
  for (let i = 0; i < 20; i++) readers.push(await bench.watch(job));
  const said = await stop();
  await job.finish();
  for (const reader of readers) {
    await reader.until(({ over }) => over() !== null);
    expect(reader.over()).toBe('clean');
    const numbers = reader.texts().map(numberOf);
    expect(numbers.length).toBe(said);
    expect(numbers.every((number, index) => number === index)).toBe(true);
    expect(reader.events.filter(({ event }) => event === 'end')).toHaveLength(1);
  }
});

test('HJ-15: jobs that speak all at once are each shown whole and in order, and none waits for another to be silent', async () => {
  const jobs: SpeakingJob[] = [];
  for (let i = 0; i < 11; i++) jobs.push(await bench.startJob());
  const readers = await Promise.all(jobs.map((job) => bench.watch(job)));
  await Promise.all(readers.map((reader) => reader.untilEvent('job')));
  // All in one commit, so that one refresh finds each of them behind.
  const { owner } = bench.database;
  await owner.query('begin');
  for (const { id } of jobs) {
    const lines = JSON.stringify(Array.from({ length: 200 }, (_, i) => [0, 'out', `${i} ${'x'.repeat(2_000)}`]));
    await owner.query(
      `with j as (select * from job where id = $1), h as (insert into log_head(org_id, job_id, run_no, attempt, day, next_seq)
         select org_id, id, 1, 1, accepted_day, 200 from j)
       insert into log_chunk(day, org_id, job_id, run_no, attempt, first_seq, lines, at, body)
         select accepted_day, org_id, id, 1, 1, 0, 200, now(), $2 from j`,
      [parsePublicId('job', id), lines],
    );
  }
  await owner.query('commit');
  for (const reader of readers) {
    await reader.until(({ texts }) => texts().length === 200);
    expect(reader.texts().map(numberOf)).toEqual(Array.from({ length: 200 }, (_, i) => i));
    reader.drop();
  }
});

/** Opens a stream and never reads a byte of it. */
async function stalled(job: SpeakingJob): Promise<Socket> {
  const { hostname, port } = new URL(bench.url);
  const socket = connect(Number(port), hostname);
  onTestFinished(() => void socket.destroy());
  socket.pause();
  socket.on('error', () => {});
  socket.write(`GET /api/v1/jobs/${job.id}/stream HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${bench.key}\r\n\r\n`);
  await vi.waitUntil(() => socket.readyState === 'open' && socket.writableLength === 0, { timeout: 30_000 });
  return socket;
}

const ends = (why: string): number => bench.logged().split(why).length - 1;

test('UX-5: a reader that takes nothing is cut off at a fixed number of bytes, and the others go on', async () => {
  const job = await bench.startJob();
  const good = await bench.watch(job);
  const cut = ends('the reader is too slow');
  await stalled(job);
  const stop = flood(job, 'y'.repeat(1_000));
  await vi.waitUntil(() => ends('the reader is too slow') > cut, { timeout: 30_000 });
  const said = await stop();
  await job.finish();
  await good.until(({ over }) => over() !== null);
  expect(good.texts().map(numberOf)).toEqual(Array.from({ length: said }, (_, i) => i));
});

test('UX-5: readers of a long history that take nothing hold no more than a batch each, and are cut off', async () => {
  const job = await bench.startJob();
  for (let i = 0; i < 200; i++) await job.say(Array.from({ length: 200 }, () => 'z'.repeat(1_000)));
  global.gc?.();
  const before = process.memoryUsage();
  const cut = ends('the reader takes nothing');
  for (let i = 0; i < 20; i++) await stalled(job);
  await vi.waitUntil(() => ends('the reader takes nothing') - cut === 20, { timeout: 30_000 });
  const after = process.memoryUsage();
  // 40 MB of lines times twenty readers would be 800 MB.
  expect(after.rss - before.rss).toBeLessThan(200 * 1024 * 1024);
});

test('viewers of one job share one reader, one statement a refresh, and nobody asks anything while nobody watches', async () => {
  const { transactions } = bench.parts.database;
  const idle = transactions.count;
  const job = await bench.startJob();
  const opened = transactions.count - idle;
  const readers = await Promise.all(Array.from({ length: 60 }, () => bench.watch(job)));
  await Promise.all(readers.map((reader) => reader.untilEvent('job')));
  const settled = transactions.count;
  expect(settled - idle - opened).toBeGreaterThanOrEqual(60);
  for (let i = 0; i < 20; i++) {
    await job.say([`line ${i}`]);
    await Promise.all(readers.map((reader) => reader.until(({ texts }) => texts().length === i + 1)));
  }
  // 20 changes for 60 viewers: at most two refreshes each (a hint may come in the middle of one), and one each second.
  expect(transactions.count - settled).toBeLessThan(20 * 2 + 40);
  for (const reader of readers) reader.drop();
  const hearing = `select from pg_stat_activity where datname = current_database() and query = 'listen holdfast_change'`;
  await vi.waitUntil(async () => (await bench.database.owner.query(hearing)).rowCount === 0, { timeout: 30_000 });
  const asleep = transactions.count;
  await job.say(['nobody hears it']);
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  expect(transactions.count - asleep).toBeLessThanOrEqual(1);
});

test('what another process commits is shown by its hint, without waiting for the next refresh', async () => {
  const hinted = await startStreams({ tickMs: 600_000 });
  const job = await hinted.startJob();
  const reader = await hinted.watch(job);
  await reader.untilEvent('job');
  await job.say(['one']);
  await reader.until(({ texts }) => texts().length === 1);
  await job.progress(0.5);
  await reader.untilEvent('progress');
  await hinted.ask('POST', `jobs/${job.id}/cancel`);
  await reader.untilEvent('state');
  await job.finish();
  await reader.untilEvent('end');
  await hinted.close();
});

test('a long transaction of somebody else holds up neither lines nor the end', async () => {
  const job = await bench.startJob();
  const slow = new pg.Client({ connectionString: bench.database.ownerUrl });
  await slow.connect();
  onTestFinished(() => slow.end());
  await slow.query('begin');
  await slow.query('update job set request_id = request_id where id <> $1', [parsePublicId('job', job.id)]);
  const reader = await bench.watch(job);
  await job.say(['one', 'two']);
  await job.finish();
  await reader.until(({ over }) => over() !== null);
  expect(reader.texts()).toEqual(['one', 'two']);
  await slow.query('rollback');
});

test('lines of a transaction that commits late come then, before those behind them, and each once', async () => {
  const job = await bench.startJob();
  await job.say(['one']);
  const reader = await bench.watch(job);
  await reader.until(({ texts }) => texts().length === 1);
  const id = parsePublicId('job', job.id);
  const { owner } = bench.database;
  const late = new pg.Client({ connectionString: bench.database.ownerUrl });
  await late.connect();
  onTestFinished(() => late.end());
  await late.query('begin');
  // What the gateway's statement does, held open between its commit and us.
  await late.query('update log_head set next_seq = next_seq + 1 where job_id = $1', [id]);
  await late.query(
    `insert into log_chunk(day, org_id, job_id, run_no, attempt, first_seq, lines, at, body)
     select accepted_day, org_id, id, 1, 1, 1, 1, now(), '[[0,"out","late"]]' from job where id = $1`,
    [id],
  );
  await job.say(['of another attempt'], 2);
  await reader.until(({ texts }) => texts().length === 2);
  await late.query('commit');
  await reader.until(({ texts }) => texts().length === 3);
  await owner.query('update log_head set closed = true where job_id = $1', [id]);
  await job.finishEarly();
  await reader.until(({ over }) => over() !== null);
  expect(reader.texts()).toEqual(['one', 'of another attempt', 'late']);
});

test('HJ-15: the end comes behind the last line, also when megabytes of lines came together with it', async () => {
  const job = await bench.startJob();
  await job.say(['0 first']);
  const reader = await bench.watch(job);
  await reader.until(({ texts }) => texts().length === 1);
  const { owner } = bench.database;
  const id = parsePublicId('job', job.id);
  await owner.query('begin');
  for (let first = 1; first < 10_001; first += 200) {
    const lines = Array.from({ length: 200 }, (_, i) => [0, 'out', `${first + i} ${'x'.repeat(300)}`]);
    await owner.query(
      `insert into log_chunk(day, org_id, job_id, run_no, attempt, first_seq, lines, at, body)
       select accepted_day, org_id, id, 1, 1, $2, 200, now(), $3 from job where id = $1`,
      [id, first, JSON.stringify(lines)],
    );
  }
  await owner.query('update log_head set next_seq = 10001, closed = true where job_id = $1', [id]);
  await owner.query(
    `update job set state = 'failed', outcome_code = 'x', finished_at = now(), version = version + 1 where id = $1`,
    [id],
  );
  await owner.query('commit');
  await reader.until(({ over }) => over() !== null);
  expect(reader.texts().map(numberOf)).toEqual(Array.from({ length: 10_001 }, (_, i) => i));
  expect(reader.events.at(-1)).toMatchObject({ event: 'end', data: { job: { state: 'failed' } } });
});

test('a stream that cannot be read does not pretend: it ends, and goes on where it was when it can be', async () => {
  const job = await bench.startJob();
  await job.say(['0']);
  const reader = await bench.watch(job);
  await reader.until(({ texts }) => texts().length === 1);
  const { owner } = bench.database;
  const group = 'holdfast_test_g_api';
  await owner.query(`revoke select on log_head from ${group}`);
  await job.say(['1']);
  await reader.until(({ over }) => over() !== null);
  expect(reader.over()).toBe('clean');
  expect(reader.events.at(-1)).toMatchObject({ event: 'closed', data: { code: 'unavailable' } });
  await owner.query(`grant select on log_head to ${group}`);
  const again = await bench.watch(job, { lastId: reader.lastId() });
  await again.until(({ texts }) => texts().length === 1);
  expect(again.texts()).toEqual(['1']);
  again.drop();
});

test('a server that stops ends its streams cleanly, and the next one goes on where they were', async () => {
  const first = await startStreams();
  const job = await first.startJob();
  await job.say(['one']);
  const reader = await first.watch(job);
  await reader.until(({ texts }) => texts().length === 1);
  const closing = first.close();
  await reader.until(({ over }) => over() !== null);
  expect(reader.over()).toBe('clean');
  expect(reader.events.at(-1)).toMatchObject({ event: 'closed', data: { code: 'restarting' } });
  await closing;
});
