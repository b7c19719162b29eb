import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { AttemptLink } from '../../src/agent/attempt/attempt-link.ts';
import { LOG_SENDER_TIMES } from '../../src/agent/log/log-limits.ts';
import { LogSender } from '../../src/agent/log/log-sender.ts';
import { LogSpool, SPOOL_LIMITS } from '../../src/agent/log/log-spool.ts';
import type { LogLine } from '../../src/domain/jobs/agent-protocol.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { lockLog, openReplicas, type Replicas, storedLines } from './replicas.ts';

let replicas: Replicas;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'logs-'));
  replicas = await openReplicas(2);
});
afterAll(async () => {
  await replicas?.close();
  rmSync(folder, { recursive: true, force: true });
});

const TIMES = { ...LOG_SENDER_TIMES, flushMs: 1, retryMinMs: 1, retryMaxMs: 20 };
const RESULT = { outcome: { code: 'succeeded', counts: {}, refs: {} }, failures: [], failureCount: 0 };
const line = (text: string): LogLine => [1, 'out', text];
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `line ${from + i}`);
const resultOf = async (jobId: string) =>
  (await replicas.bench.owner.query('select result from attempt where job_id = $1', [jobId])).rows[0]?.result ?? null;

/** What becomes of one report on its way. */
const FATES = ['first', 'second', 'both', 'both-and-late', 'answer-lost', 'request-lost'] as const;

test('HJ-15: sent twice, out of order, through two gateways at once, with answers lost: each line stands there once', async () => {
  const host = await replicas.enrol();
  const clients = [replicas.clientOf(host, 0), replicas.clientOf(host, 1)];
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...FATES), { minLength: 1, maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 450 }), { minLength: 1, maxLength: 6 }),
      async (fates, bursts) => {
        const attempt = await replicas.attempt(host);
        const links = clients.map((client) => client.attempt(attempt.token, attempt.ticket));
        const late: Promise<unknown>[] = [];
        let at = 0;
        const link: AttemptLink = {
          claim: () => links[0]!.claim(),
          report: async (...asked) => {
            const fate = fates[at++] ?? 'first';
            if (fate === 'request-lost') throw new Error('lost');
            if (fate === 'second') return links[1]!.report(...asked);
            if (fate === 'first') return links[0]!.report(...asked);
            const answers = await Promise.all(links.map((one) => one.report(...asked)));
            // The same bytes once more when the sender is long past them, or refused because another report is on its way.
            const again = () => links[1]!.report(...asked).catch(() => {});
            if (fate === 'both-and-late') late.push(sleep(3).then(again));
            if (fate === 'answer-lost') throw new Error('lost');
            return answers[0]!;
          },
        };
        const log = new LogSender(link, systemClock, TIMES);
        let count = 0;
        for (const burst of bursts) {
          for (let i = 0; i < burst; i++) log.line('out', `line ${count++}`);
          await sleep(2);
        }
        expect(await log.close(RESULT)).toBe(true);
        await Promise.all(late);
        expect(await storedLines(replicas.bench, attempt.id)).toEqual(numbers(0, count));
        expect(await resultOf(attempt.id)).toEqual(RESULT);
      },
    ),
    { numRuns: 25 },
  );
}, 120_000);

const WAITING = `select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;

test('a gateway that dies in the middle of an answer: the other one takes what is missing, and nothing twice', async () => {
  const pair = await openReplicas(2);
  try {
    const host = await pair.enrol();
    const attempt = await pair.attempt(host);
    const [doomed, other] = [0, 1].map((at) => pair.clientOf(host, at).attempt(attempt.token, attempt.ticket));
    const unlock = await lockLog(pair);
    const asked = doomed!.report(0, numbers(0, 100).map(line), null, null, false).catch((thrown) => thrown as Error);
    const waiting = async () => (await pair.bench.owner.query(WAITING)).rowCount === 1;
    await vi.waitUntil(waiting, { timeout: 30_000, interval: 5 });
    const stopped = pair.gateways[0]!.stop();
    expect(await asked).toBeInstanceOf(Error);
    await unlock();
    await stopped;
    await vi.waitUntil(async () => (await storedLines(pair.bench, attempt.id)).length === 100, { timeout: 30_000 });
    const log = new LogSender(other!, systemClock, TIMES);
    for (const text of numbers(0, 150)) log.line('out', text);
    expect(await log.close(null)).toBe(true);
    expect(await storedLines(pair.bench, attempt.id)).toEqual(numbers(0, 150));
  } finally {
    await pair.close();
  }
});

test('over midnight a log stays with the day its job was accepted; a day that is missing costs no line', async () => {
  const host = await replicas.enrol();
  const client = replicas.clientOf(host, 0);
  const days = async (jobId: string) =>
    (
      await replicas.bench.owner.query(
        'select distinct current_date - day as ago, tableoid::regclass::text as place from log_chunk where job_id = $1',
        [jobId],
      )
    ).rows;
  const yesterday = await replicas.attempt(host, 1);
  const link = client.attempt(yesterday.token, yesterday.ticket);
  await link.report(0, [line('before')], null, null, false);
  await link.report(1, [line('after')], null, null, false);
  expect(await storedLines(replicas.bench, yesterday.id)).toEqual(['before', 'after']);
  expect(await days(yesterday.id)).toMatchObject([{ ago: 1 }]);
  // Nobody made this day: a worker that was away for a week, or a clock that is off.
  const ahead = await replicas.attempt(host, -9);
  const log = new LogSender(client.attempt(ahead.token, ahead.ticket), systemClock, { ...TIMES, closeMs: 50 });
  log.line('out', 'kept');
  expect(await log.close(RESULT)).toBe(false);
  await vi.waitUntil(async () => (await resultOf(ahead.id)) !== null, { timeout: 30_000 });
  await replicas.bench.owner.query('select log_partitions_make(current_date + 9, current_date + 9)');
  await log.ended();
  expect(await storedLines(replicas.bench, ahead.id)).toEqual(['kept']);
});

test('FT-8: while the log store is away results and claims get through; every line follows when it is back', async () => {
  const host = await replicas.enrol();
  const clients = [replicas.clientOf(host, 0), replicas.clientOf(host, 1)];
  const spool = new LogSpool(join(folder, 'away'), { ...SPOOL_LIMITS, freeBytes: 0 });
  const attempts: Awaited<ReturnType<Replicas['attempt']>>[] = [];
  while (attempts.length < 30) attempts.push(await replicas.attempt(host));
  const unlock = await lockLog(replicas);
  const senders = attempts.map((attempt, at) => {
    const link = clients[at % 2]!.attempt(attempt.token, attempt.ticket);
    return new LogSender({ ...link, openSpool: () => spool.open(attempt) }, systemClock, { ...TIMES, closeMs: 200 });
  });
  for (const log of senders) for (const text of numbers(0, 500)) log.line('out', text);
  await sleep(500);
  const started = Date.now();
  const late = await replicas.attempt(host);
  expect(await clients[0]!.attempt(late.token, late.ticket).claim()).toMatchObject({ secrets: {} });
  // Far under the 15 s that a stuck transaction may hold its connection.
  expect(Date.now() - started).toBeLessThan(12_000);
  const delivered = await Promise.all(senders.map((log) => log.close(RESULT)));
  expect(delivered.every((all) => !all)).toBe(true);
  const results = async () => (await Promise.all(attempts.map(({ id }) => resultOf(id)))).filter((one) => one !== null);
  await expect.poll(async () => (await results()).length, { timeout: 15_000 }).toBe(30);
  await unlock();
  await Promise.all(senders.map((log) => log.ended()));
  for (const { id } of attempts) expect(await storedLines(replicas.bench, id)).toEqual(numbers(0, 500));
}, 60_000);

test('a job that ended gets its late lines for 48 h, and then no more: the agent is told to stop', async () => {
  const host = await replicas.enrol();
  const client = replicas.clientOf(host, 1);
  const attempt = await replicas.attempt(host);
  const link = client.attempt(attempt.token, attempt.ticket);
  const end = (ago: string) =>
    replicas.bench.owner.query(`update job set state = 'failed', finished_at = now() - $2::interval where id = $1`, [
      attempt.id,
      ago,
    ]);
  await end('47 hours');
  expect(await link.report(0, [line('late')], null, null, false)).toEqual({ nextSeq: 1, closed: false, full: false });
  expect(await link.report(0, [], null, null, false)).toEqual({ nextSeq: 1, closed: false, full: false });
  await end('49 hours');
  expect(await link.report(1, [line('too late')], null, null, false)).toMatchObject({ closed: true });
  expect(await storedLines(replicas.bench, attempt.id)).toEqual(['late']);
});
