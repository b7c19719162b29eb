import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { beforeEach, expect, test, vi } from 'vitest';
import type { LogLine } from '../../domain/jobs/agent-protocol.ts';
import type { AttemptResult } from '../../domain/jobs/outcome.ts';
import { systemClock } from '../../lib/clock.ts';
import type { AttemptLink } from '../attempt/attempt-link.ts';
import type { AttemptSpool } from './attempt-spool.ts';
import { LogBacklog } from './log-backlog.ts';
import { LOG_BOUNDS, LOG_SENDER_TIMES } from './log-limits.ts';
import { LogSender } from './log-sender.ts';
import { LogSpool, SPOOL_LIMITS } from './log-spool.ts';
import type { SpoolLimits } from './spool-quota.ts';

const TIMES = { ...LOG_SENDER_TIMES, flushMs: 1, retryMinMs: 1, retryMaxMs: 5, slowMs: 5, closeMs: 10 };
const RESULT: AttemptResult = { outcome: { code: 'succeeded', counts: {}, refs: {} }, failures: [], failureCount: 0 };
const attemptOf = (token: string) => ({
  token,
  ticket: 'ticket',
  input: { kind: 'noop', jobId: 'job_1', runNo: 1, attempt: 1 },
});

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spool-'));
  return () => rm(folder, { recursive: true, force: true });
});

/** A gateway as the contract says; `away` drops what comes before it is taken, `mute` loses answers. */
class Gateway {
  readonly lines: LogLine[] = [];
  result: AttemptResult | null = null;
  away = false;
  mute = false;
  /** It was told that no line comes any more. */
  whole = false;

  link(spool: LogSpool | null, token = 'token'): AttemptLink {
    return {
      claim: () => Promise.reject(new Error('not here')),
      ...(spool && { openSpool: () => spool.open(attemptOf(token)) }),
      report: async (firstSeq, lines, _progress, result, last) => {
        await sleep(0);
        if (this.away) throw new Error('away');
        if (result !== null) this.result = result;
        const asks = lines.length === 0 && result === null;
        if (lines.length > 0 && firstSeq === this.lines.length) {
          expect(this.whole).toBe(false);
          this.lines.push(...lines);
        }
        this.whole ||= last && firstSeq + lines.length === this.lines.length;
        if (this.mute) throw new Error('answer lost');
        return { nextSeq: lines.length > 0 || asks ? this.lines.length : firstSeq, closed: false };
      },
    };
  }

  get texts() {
    return this.lines.map((line) => line[2]);
  }
}

const senderOf = (gateway: Gateway, spool: LogSpool | null, left: AttemptSpool | null = null, times = TIMES) =>
  new LogSender(gateway.link(spool), systemClock, times, LOG_BOUNDS, left);
/** A busy machine is no gateway that is away. */
const PATIENT = { ...TIMES, closeMs: 15_000, slowMs: 15_000 };
const limits = (change: Partial<SpoolLimits> = {}) => ({ ...SPOOL_LIMITS, freeBytes: 0, ...change });
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `line ${from + i}`);

/** What lies on disk, as text; a file may go while we look. */
async function onDisk(): Promise<string> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return (await Promise.all(files.map((file) => readFile(file, 'utf8').catch(() => '')))).join('\n');
}

/** As an agent does when it starts: the oldest first, one after the other. */
async function deliverLeft(gateway: Gateway, spool: LogSpool): Promise<number> {
  const spools = await spool.unsent();
  for (const left of spools) {
    const sender = senderOf(gateway, spool, left);
    void sender.close(await left.unsentResult());
    await sender.ended();
  }
  return spools.length;
}

test('a gateway that takes everything costs the disk nothing', async () => {
  const gateway = new Gateway();
  const log = senderOf(gateway, new LogSpool(folder, limits()), null, PATIENT);
  for (const text of numbers(0, 500)) log.line('out', text);
  expect(await log.close(RESULT)).toBe(true);
  expect(await readdir(folder)).toEqual([]);
});

test('lines wait on disk while the gateway is away, for their owner only, and follow in order', async () => {
  const gateway = new Gateway();
  const log = senderOf(gateway, new LogSpool(folder, limits({ segmentBytes: 2_000 })), null, PATIENT);
  log.line('out', 'line 0');
  await vi.waitUntil(() => gateway.lines.length === 1, { timeout: 10_000 });
  gateway.away = true;
  for (const text of numbers(1, 1_000)) log.line('out', text);
  await vi.waitUntil(async () => (await onDisk()).includes('line 999'), { timeout: 10_000 });
  const [name] = await readdir(folder);
  expect((await stat(join(folder, name!))).mode & 0o777).toBe(0o700);
  for (const file of await readdir(join(folder, name!)))
    expect((await stat(join(folder, name!, file))).mode & 0o777, file).toBe(0o600);
  gateway.away = false;
  log.line('out', 'line 1000');
  await vi.waitUntil(() => gateway.lines.length === 1_001, { timeout: 10_000 });
  expect(gateway.texts).toEqual(numbers(0, 1_001));
  expect(await log.close(null)).toBe(true);
  expect(await readdir(folder)).toEqual([]);
});

test('an agent that ends leaves lines and result behind, and the next one brings them', async () => {
  const gateway = new Gateway();
  gateway.away = true;
  const log = senderOf(gateway, new LogSpool(folder, limits()));
  for (const text of numbers(0, 300)) log.line('out', text);
  expect(await log.close(RESULT)).toBe(false);
  expect(await onDisk()).toContain('succeeded');
  // The sender of before would go on by itself: its gateway stays away, another one comes.
  const other = new Gateway();
  const next = new LogSpool(folder, limits());
  await deliverLeft(other, next);
  expect(other.texts).toEqual(numbers(0, 300));
  expect(other.result).toEqual(RESULT);
  expect(await next.unsent()).toEqual([]);
});

test('no secret comes to the disk', async () => {
  const gateway = new Gateway();
  gateway.away = true;
  const log = senderOf(gateway, new LogSpool(folder, limits()));
  log.hide(['canary-Zq7', 'with\nlines']);
  log.line('out', 'opened with canary-Zq7');
  log.line('err', 'and with');
  await log.close(RESULT);
  const text = await onDisk();
  expect(text).toContain('opened *** ***');
  expect(text).not.toMatch(/canary|and with/);
});

test('when there is too much of it the oldest lines are dropped, and their number is said in their place', async () => {
  const gateway = new Gateway();
  gateway.away = true;
  const log = senderOf(gateway, new LogSpool(folder, limits({ attemptBytes: 20_000, segmentBytes: 2_000 })));
  log.line('out', 'line 0');
  await sleep(20);
  for (let i = 1; i < 2_000; i++) {
    log.line('out', `line ${i}`);
    if (i % 100 === 0) await sleep(60);
  }
  await vi.waitUntil(async () => (await onDisk()).includes('line 1999'), { timeout: 10_000 });
  expect((await onDisk()).length).toBeLessThan(25_000);
  gateway.away = false;
  expect(await log.close(null).then(() => log.ended())).toBe(undefined);
  const at = gateway.lines.findIndex((line) => line[1] === 'sys');
  const dropped = Number.parseInt(gateway.texts[at]!, 10);
  expect(gateway.texts.slice(0, at)).toEqual(numbers(0, at));
  expect(gateway.texts.slice(at + 1)).toEqual(numbers(at + dropped, 2_000));
  expect(dropped).toBeGreaterThan(1_000);
});

test('all attempts together have a bound too: the oldest lines of anybody go', async () => {
  const spool = new LogSpool(folder, limits({ folderBytes: 10_000, segmentBytes: 1_000 }));
  const [old, young] = [spool.open(attemptOf('old')), spool.open(attemptOf('young'))];
  const fill = async (one: AttemptSpool, atMs: number) => {
    for (let i = 0; i < 10; i++) {
      for (let n = 0; n < 20; n++) one.add([atMs + i, 'out', 'x'.repeat(20)]);
      await one.flush();
    }
  };
  await fill(old, 1_000);
  await fill(young, 2_000);
  expect((await onDisk()).length).toBeLessThan(13_000);
  const first = await old.next(0);
  expect(first === null || /^\d+ lines dropped$/.test(first.lines[0]![2])).toBe(true);
  const youngest = await young.next(0);
  expect(youngest!.lines[0]).toEqual([2_000, 'out', 'x'.repeat(20)]);
});

test('lines older than a day before the newest one are dropped', async () => {
  const spool = new LogSpool(folder, limits({ segmentBytes: 100 })).open(attemptOf('token'));
  const day = 24 * 3_600_000;
  for (const [atMs, text] of [
    [0, 'a'],
    [1, 'b'],
    [day, 'c'],
    [day + 1, 'd'],
  ] as const) {
    spool.add([atMs, 'out', text.repeat(100)]);
    await spool.flush();
  }
  const texts: string[] = [];
  for (let next = await spool.next(0); next !== null; next = await spool.next(texts.length))
    texts.push(...next.lines.map((line) => line[2].slice(0, 15)));
  expect(texts).toEqual(['1 line dropped', 'bbbbbbbbbbbbbbb', 'ccccccccccccccc', 'ddddddddddddddd']);
});

test.each([
  ['a disk that is nearly full', { freeBytes: Number.MAX_SAFE_INTEGER }, false],
  ['a folder that cannot be made', {}, true],
])('%s: lines wait in memory within a bound, and nobody fails', async (_name, change, inTheWay) => {
  const gateway = new Gateway();
  gateway.away = true;
  if (inTheWay) await writeFile(join(folder, 'spool'), 'a file in the way');
  const log = senderOf(gateway, new LogSpool(join(folder, 'spool'), limits({ memoryBytes: 20_000, ...change })));
  for (const text of numbers(0, 2_000)) log.line('out', text);
  expect(await log.close(RESULT)).toBe(false);
  expect(await onDisk()).not.toContain('line 1999');
  gateway.away = false;
  await log.ended();
  const marks = gateway.lines.filter((line) => line[1] === 'sys').map((line) => Number.parseInt(line[2], 10));
  expect(gateway.texts.at(-1)).toBe('line 1999');
  expect(gateway.lines.length - marks.length + marks.reduce((sum, n) => sum + n, 0)).toBe(2_000);
  expect(gateway.result).toEqual(RESULT);
});

test('a file that broke costs its own lines and says so; a line that was half written is none', async () => {
  const write = new LogSpool(folder, limits({ segmentBytes: 10 })).open(attemptOf('token'));
  for (const text of ['one', 'two', 'three']) {
    write.add([1, 'out', text.repeat(10)]);
    await write.flush();
  }
  const [name] = await readdir(folder);
  const files = (await readdir(join(folder, name!))).filter((file) => file.endsWith('.jsonl')).sort();
  await writeFile(join(folder, name!, files[0]!), 'rubbish\n');
  await writeFile(join(folder, name!, files[2]!), `[1,"out","three"]\n[1,"out","ha`);
  await writeFile(join(folder, 'not-a-folder'), '');
  const gateway = new Gateway();
  await deliverLeft(gateway, new LogSpool(folder, limits()));
  expect(gateway.texts).toEqual(['1 line dropped', 'two'.repeat(10), 'three']);
});

test('lines that are written to disk while it is found empty are not removed with it', async () => {
  const spool = new LogSpool(folder, limits()).open(attemptOf('token'));
  const backlog = new LogBacklog(LOG_BOUNDS, spool);
  for (const text of numbers(0, 10)) backlog.add([1, 'out', text]);
  const refilled = backlog.refill();
  await spool.flush();
  await refilled;
  for (const text of numbers(10, 15)) backlog.add([1, 'out', text]);
  const seen: string[] = [];
  while (!backlog.isEmpty) {
    const lines = backlog.batch();
    seen.push(...lines.map((line) => line[2]));
    backlog.wants(seen.length, 1);
    await backlog.refill();
  }
  expect(seen).toEqual(numbers(0, 15));
  expect(await readdir(folder)).toEqual([]);
});

/** What happens to an agent. After a restart another attempt runs. */
const EVENT = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 300 }).map((lines) => ({ lines })) },
  fc.constantFrom('away', 'back', 'mute', 'heard', 'restart', 'wait' as const),
);

test('HJ-15: whatever fails and whoever dies, each line of a closed log arrives once and in order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(EVENT, { minLength: 3, maxLength: 25 }), async (events) => {
      const place = await mkdtemp(join(folder, 'run-'));
      const gateways: Gateway[] = [];
      const counts: number[] = [];
      const network = { away: false, mute: false };
      const tell = () => Object.assign(gateways.at(-1)!, network);
      const start = () => {
        const gateway = new Gateway();
        gateways.push(gateway);
        counts.push(0);
        tell();
        const life = { dead: false, stuck: Promise.withResolvers<void>() };
        const spool = new LogSpool(place, limits({ segmentBytes: 1_500 }));
        return {
          life,
          log: new LogSender(mortal(gateway.link(spool, `token ${gateways.length}`), life), systemClock, TIMES),
        };
      };
      let now = start();
      for (const event of [...events, 'restart'] as const) {
        if (typeof event === 'object')
          for (let i = 0; i < event.lines; i++) now.log.line('out', `line ${counts[counts.length - 1]!++}`);
        else if (event === 'wait') await sleep(5);
        else if (event === 'restart') {
          // Closed, so that all of it is with the gateway or on disk; then killed, with whatever is on its way.
          await now.log.close(null);
          now.life.dead = true;
          await Promise.race([now.log.ended(), now.life.stuck.promise]);
          const gateway = gateways.at(-1)!;
          Object.assign(gateway, { away: false, mute: false });
          const left = await deliverLeft(gateway, new LogSpool(place, limits()));
          expect(gateway.texts).toEqual(numbers(0, counts.at(-1)!));
          // When nothing was left, that this was all may be what got lost: a reader is told that there may be more.
          if (left > 0) expect(gateway.whole).toBe(true);
          now = start();
        } else {
          if (event === 'away' || event === 'back') network.away = event === 'away';
          else network.mute = event === 'mute';
          tell();
        }
      }
    }),
    { numRuns: 60 },
  );
}, 120_000);

/**
 * The link of a process: once it is dead nothing it said is answered any more, though it may still be heard. It is `stuck`
 * then: a process that is gone does not touch the files that its successor reads, so that one waits for it.
 */
function mortal(link: AttemptLink, life: { dead: boolean; stuck: PromiseWithResolvers<void> }): AttemptLink {
  return {
    ...link,
    report: async (...asked) => {
      const answer = life.dead ? null : await link.report(...asked).catch((thrown) => thrown as Error);
      if (life.dead) {
        life.stuck.resolve();
        return new Promise<never>(() => {});
      }
      if (answer instanceof Error) throw answer;
      return answer!;
    },
  };
}
