import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { type LogLine, MAX_CHUNK_BYTES, MAX_CHUNK_LINES, MAX_LINE_BYTES } from '../../domain/jobs/agent-protocol.ts';
import type { AttemptResult } from '../../domain/jobs/outcome.ts';
import { systemClock } from '../../lib/clock.ts';
import { cutTo, safeText } from '../../lib/safe-text.ts';
import type { AttemptLink } from '../attempt/attempt-link.ts';
import type { LogSenderTimes } from './log-limits.ts';
import { LogSender } from './log-sender.ts';
import { maskLines } from './mask-lines.ts';

const TIMES: LogSenderTimes = {
  flushMs: 5,
  progressMs: 50,
  retryMinMs: 1,
  retryMaxMs: 10,
  slowMs: 20,
  closeMs: 10_000,
  lingerMs: 2_000,
};
const RESULT: AttemptResult = { outcome: { code: 'succeeded', counts: {}, refs: {} }, failures: [], failureCount: 0 };
const PROGRESS = {
  fraction: 0.5,
  bytesDone: 1,
  bytesTotal: 2,
  filesDone: 1,
  filesTotal: 2,
  current: '/a',
  ratePerSecond: null,
  etaSeconds: null,
};

/** A gateway as the contract says: takes a report only from the line it expects. `fault` is asked before and after. */
class Gateway implements AttemptLink {
  lines: LogLine[] = [];
  results: (AttemptResult | null)[] = [];
  progress = 0;
  calls = 0;
  flying = 0;
  most = 0;
  closed = false;
  /** It was told that no line comes any more. */
  whole = false;
  fault: (call: number) => 'none' | 'lost-request' | 'lost-answer' = () => 'none';

  claim(): Promise<never> {
    return Promise.reject(new Error('not here'));
  }

  async report(
    firstSeq: number,
    lines: readonly LogLine[],
    progress: object | null,
    result: AttemptResult | null,
    last: boolean,
  ) {
    this.most = Math.max(this.most, ++this.flying);
    expect(lines.length).toBeLessThanOrEqual(MAX_CHUNK_LINES);
    expect(lines.reduce((sum, line) => sum + Buffer.byteLength(line[2]), 0)).toBeLessThanOrEqual(MAX_CHUNK_BYTES);
    const fault = this.fault(++this.calls);
    await sleep(0);
    this.flying--;
    if (fault === 'lost-request') throw new Error('away');
    if (firstSeq === this.lines.length) {
      if (lines.length > 0) expect(this.whole).toBe(false);
      this.lines.push(...lines);
      this.whole ||= last;
      if (progress !== null) this.progress++;
    }
    if (result !== null) this.results = [result];
    if (fault === 'lost-answer') throw new Error('away');
    return { nextSeq: this.lines.length, closed: this.closed };
  }

  get texts() {
    return this.lines.map((line) => line[2]);
  }
}

const sender = (gateway: AttemptLink, times: Partial<LogSenderTimes> = {}, bounds?: { memoryBytes: number }) =>
  new LogSender(gateway, systemClock, { ...TIMES, ...times }, { memoryBytes: 1e7, attemptBytes: 1e8, ...bounds });

test('lines arrive once and in order, whatever is lost on the way, and the result gets through', async () => {
  const gateway = new Gateway();
  gateway.fault = (call) => (call % 3 === 0 ? 'lost-request' : call % 3 === 1 ? 'lost-answer' : 'none');
  const log = sender(gateway);
  for (let i = 0; i < 1_000; i++) {
    log.line('out', `line ${i}`);
    if (i % 100 === 0) await sleep(3);
  }
  expect(await log.close(RESULT)).toBe(true);
  expect(gateway.texts).toEqual(Array.from({ length: 1_000 }, (_, i) => `line ${i}`));
  expect(gateway.results).toEqual([RESULT]);
  expect(gateway.most).toBe(1);
  expect(gateway.whole).toBe(true);
});

test('a result without any line is taken too', async () => {
  const gateway = new Gateway();
  expect(await sender(gateway).close(RESULT)).toBe(true);
  expect([gateway.results, gateway.calls]).toEqual([[RESULT], 1]);
});

test('while the gateway is away memory is bounded, nobody waits, and what is missing is said in its place', async () => {
  const gateway = new Gateway();
  let away = true;
  gateway.fault = () => (away ? 'lost-request' : 'none');
  const log = sender(gateway, {}, { memoryBytes: 10_000 });
  log.line('out', 'first');
  // The second try says that the first was given up.
  await vi.waitUntil(() => gateway.calls >= 2, { timeout: 10_000 });
  for (let i = 0; i < 1_000; i++) log.line('out', 'x'.repeat(68));
  expect(log.room()).toBeUndefined();
  away = false;
  await vi.waitUntil(() => gateway.lines.length >= 100, { timeout: 10_000 });
  log.line('out', 'back');
  await log.close(null);
  const marks = gateway.lines.filter((line) => line[1] === 'sys');
  expect(marks).toHaveLength(1);
  expect(marks[0]![2]).toMatch(/^\d+ lines dropped$/);
  expect(gateway.texts.at(-1)).toBe('back');
  expect(gateway.lines.length - 3 + Number.parseInt(marks[0]![2], 10)).toBe(1_000);
});

test('a program that floods is held back while the gateway takes lines', async () => {
  const gateway = new Gateway();
  const log = sender(gateway, {}, { memoryBytes: 100_000 });
  let waited = 0;
  for (let i = 0; i < 5_000; i++) {
    log.line('out', `line ${i} ${'y'.repeat(60)}`);
    const room = log.room();
    if (room !== undefined) waited++;
    await room;
  }
  await log.close(null);
  expect(waited).toBeGreaterThan(0);
  expect(gateway.lines).toHaveLength(5_000);
});

test('a gateway that never comes back costs no more than the time to close; one that comes later gets the result', async () => {
  const gateway = new Gateway();
  let away = true;
  gateway.fault = () => (away ? 'lost-request' : 'none');
  const log = sender(gateway, { closeMs: 40 });
  log.line('out', 'a');
  expect(await log.close(RESULT)).toBe(false);
  expect(gateway.results).toEqual([]);
  away = false;
  await vi.waitUntil(() => gateway.results.length > 0, { timeout: 10_000 });
  expect([gateway.results, gateway.texts]).toEqual([[RESULT], ['a']]);
});

test('a job that has ended long ago gets nothing more', async () => {
  const gateway = new Gateway();
  gateway.closed = true;
  const log = sender(gateway);
  log.line('out', 'a');
  await vi.waitUntil(() => gateway.calls > 0, { timeout: 10_000 });
  log.line('out', 'b');
  await log.close(null);
  expect(gateway.calls).toBe(1);
});

test('the number that the gateway expects is right: lines before it are safe, lines that it lost are told', async () => {
  const calls: [number, string[]][] = [];
  const answers = [2, 70, 40, 42];
  const link: AttemptLink = {
    claim: () => Promise.reject(new Error()),
    report: (firstSeq, lines) => {
      calls.push([firstSeq, lines.map((line) => line[2])]);
      return Promise.resolve({ nextSeq: answers[calls.length - 1]!, closed: false });
    },
  };
  const log = sender(link);
  for (const text of ['a', 'b', 'c']) log.line('out', text);
  await vi.waitUntil(() => calls.length === 2, { timeout: 10_000 });
  // Somebody else brought lines up to 69: a process of before, from the spool.
  log.line('out', 'd');
  expect(await log.close(null)).toBe(true);
  expect(calls).toEqual([
    [0, ['a', 'b', 'c']],
    [2, ['c']],
    [70, ['d']],
    [40, ['30 lines dropped', 'd']],
  ]);
});

test('progress travels at most once per interval, and alone when there are no lines', async () => {
  const gateway = new Gateway();
  const log = sender(gateway);
  const until = Date.now() + 220;
  while (Date.now() < until) {
    log.progress({ ...PROGRESS, current: 'pass \u001b[31mword' });
    await sleep(2);
  }
  await log.close(null);
  expect(gateway.progress).toBeGreaterThanOrEqual(2);
  expect(gateway.progress).toBeLessThanOrEqual(6);
});

test('secrets are masked in every form they are printed in, before lines are cut', async () => {
  const gateway = new Gateway();
  const log = sender(gateway);
  const secret = 'p"ss w/rd\nsecond-part';
  log.hide([secret, 'p"ss']);
  log.line('err', `url https://u:${encodeURIComponent('p"ss w/rd')}@h and "p\\"ss w/rd" and second-part`);
  log.line('out', `${'z'.repeat(MAX_LINE_BYTES - 20)}second-part ${'z'.repeat(100)}`);
  await log.close(null);
  for (const text of gateway.texts) {
    expect(text).not.toMatch(/second|w%2Frd|w\/rd|p"ss|p\\"ss/);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(MAX_LINE_BYTES);
  }
  expect(gateway.texts[1]).toMatch(/\[cut\]$/);
  expect(maskLines([''])('abc')).toBe('abc');
  // Made visible before it is masked, or it would pass as another word.
  expect(maskLines(['a\u0001b\u001b[1mc'])(safeText('it is a\u0001b\u001b[1mc'))).toBe('it is ***');
});

test('a line can neither paint nor break anything', () => {
  expect(safeText('\u001b[31mred\u001b[0m \u001b]8;;http://x\u0007link\u001b]8;;\u0007')).toBe('red link');
  expect(safeText('50%\r100%\u0000\u0008\tend\u202egnp\ud800')).toBe('50%␍100%␀␈\tend\ufffdgnp\ufffd');
  expect(Buffer.byteLength(cutTo('é'.repeat(100), 33))).toBeLessThanOrEqual(33);
});
