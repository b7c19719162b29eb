import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { noopBody } from '../../activities/host/noop.ts';
import type { LogLine } from '../../domain/jobs/agent-protocol.ts';
import type { AttemptResult } from '../../domain/jobs/outcome.ts';
import { identify } from '../../embedded/supervisor/process-identity.ts';
import { systemClock } from '../../lib/clock.ts';
import { Failure } from '../../lib/failure.ts';
import { AttemptFault, performAttempt } from './attempt.ts';
import type { AttemptBody } from './attempt-context.ts';

const STOP = { signal: 'SIGTERM', graceMs: 500, cleanUp: null } as const;
const INPUT = { kind: 'noop', jobId: 'job_1', runNo: 1, attempt: 1 };
const DEPS = { clock: systemClock, agentMark: `test-${process.pid}`, setpriv: null };

function attempt(body: AttemptBody, signal = new AbortController().signal, work: unknown = {}) {
  const lines: LogLine[] = [];
  const results: (AttemptResult | null)[] = [];
  let beats = 0;
  const link = {
    claim: () => Promise.resolve({ work, secrets: { password: 'canary' } }),
    report: (firstSeq: number, more: readonly LogLine[], _progress: unknown, result: AttemptResult | null) => {
      lines.push(...more);
      results.push(result);
      return Promise.resolve({ nextSeq: firstSeq + more.length, closed: false });
    },
  };
  const host = { signal, heartbeat: () => void beats++ };
  const answer = performAttempt(body, STOP, INPUT, link, host, DEPS);
  return { answer, results, texts: () => lines.map((line) => line[2]), beats: () => beats };
}

const WORK = { message: 'hello', sleepMs: 0, logLines: 250 };

test('the outcome comes back, and was reported before, once', async () => {
  const run = attempt(noopBody('db-1'), undefined, WORK);
  expect(await run.answer).toEqual({ code: 'succeeded', counts: { logLines: 250, sleptMs: 0 }, refs: {} });
  expect(run.results.filter((result) => result !== null)).toMatchObject([{ outcome: { code: 'succeeded' } }]);
  expect(run.texts()).toHaveLength(253);
  expect(run.beats()).toBe(1);
});

test('a stop ends with the reason of the stop, never an AbortError, and tells no outcome', async () => {
  const stop = new AbortController();
  const reason = new Error('CANCELLED');
  const run = attempt(noopBody('db-1'), stop.signal, { ...WORK, sleepMs: 60_000 });
  await sleep(20);
  stop.abort(reason);
  await expect(run.answer).rejects.toBe(reason);
  expect(run.results.every((result) => result === null)).toBe(true);
});

test('an answer that was there before the stop wins', async () => {
  const stop = new AbortController();
  const outcome = { code: 'done', counts: {}, refs: {} };
  const run = attempt(async () => {
    stop.abort(new Error('late'));
    return { outcome, failures: [], failureCount: 0 };
  }, stop.signal);
  expect(await run.answer).toEqual(outcome);
});

test('a throw leaves the host as a code; its words are in the job log, without secrets', async () => {
  const run = attempt(async (context) => {
    await context.claim();
    throw new Error('opened with canary');
  });
  await expect(run.answer).rejects.toEqual(new AttemptFault('internal'));
  expect(run.texts().join('\n')).toMatch(/opened with \*{3}/);
  const coded = attempt(async () => {
    throw new Failure('invalid-work', 'no', { fault: 'us' });
  });
  await expect(coded.answer).rejects.toMatchObject({ code: 'invalid-work', message: 'invalid-work' });
  await expect(attempt(noopBody('x'), undefined, { other: 1 }).answer).rejects.toMatchObject({ code: 'invalid-work' });
});

test('what an operator has to correct is an answer: done again it would be refused again', async () => {
  const run = attempt(async (context) => {
    await context.claim();
    throw new Failure('work-refused', 'the address of canary', { fault: 'operator' });
  });
  expect(await run.answer).toEqual({ code: 'work-refused', counts: {}, refs: {} });
  expect(run.results.at(-1)?.failures).toEqual([
    { code: 'work-refused', item: 'the order', message: 'the address of ***' },
  ]);
});

test('a refused claim is no answer of the host: the run decides by what is known of the job', async () => {
  const refusing = attempt(() => {
    throw new Failure('gateway-refused', 'the job is being cancelled', { fault: 'operator' });
  });
  await expect(refusing.answer).rejects.toMatchObject({ code: 'gateway-refused' });
  expect(refusing.results.every((result) => result === null)).toBe(true);
});

test('failures leave the host masked, short and at most a hundred', async () => {
  const run = attempt(async (context) => {
    await context.claim();
    const failure = { code: 'x', item: `/canary/${'a'.repeat(5_000)}`, message: 'canary\u001b[31m' };
    return { outcome: { code: 'x', counts: {}, refs: {} }, failures: Array(300).fill(failure), failureCount: 300 };
  });
  await run.answer;
  const result = run.results.at(-1)!;
  expect([result.failures.length, result.failureCount]).toEqual([100, 300]);
  expect(JSON.stringify(result)).not.toContain('canary');
  expect(result.failures[0]!.item.length).toBeLessThan(1_100);
});

test('a gateway that refuses the claim ends the attempt with a code', async () => {
  const link = { claim: () => Promise.reject(new Error('ended')), report: () => Promise.reject(new Error('away')) };
  const host = { signal: new AbortController().signal, heartbeat: () => undefined };
  const times = { flushMs: 1, progressMs: 1, retryMinMs: 1, retryMaxMs: 1, slowMs: 1, closeMs: 20, lingerMs: 30 };
  const answer = performAttempt(noopBody('x'), STOP, INPUT, link, host, { ...DEPS, logTimes: times });
  await expect(answer).rejects.toMatchObject({ code: 'internal' });
});

test('a process that left the group of its program is ended with it, and said so', async () => {
  let escaped = 0;
  const run = attempt(async (context) => {
    const script = 'setsid sleep 300 >/dev/null 2>&1 & echo $!; sleep 0.5';
    const program = { file: '/bin/sh', args: ['-c', script], env: { PATH: '/usr/local/bin:/usr/bin:/bin' } };
    await context.run(program, (_stream, line) => {
      escaped = Number(line);
    });
    return { outcome: { code: 'done', counts: {}, refs: {} }, failures: [], failureCount: 0 };
  });
  await run.answer;
  expect(escaped).toBeGreaterThan(0);
  expect(identify(escaped)).toBeNull();
  expect(run.texts()).toContain('ended 1 process that the program had left behind');
});
