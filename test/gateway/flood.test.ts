import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { type LogLine, MAX_LINE_BYTES } from '../../src/domain/jobs/agent-protocol.ts';
import { keptBytes } from '../../src/domain/jobs/log-size.ts';
import { changeKind } from '../harness/test-kinds.ts';
import type { FloodFigures, FloodOrder } from './flood-process.ts';
import { lockLog, openReplicas, type Replicas, storedLines } from './replicas.ts';

let replicas: Replicas;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'flood-'));
  replicas = await openReplicas(1);
});
afterAll(async () => {
  await replicas?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Writes so many lines, 2,000 each 100 ms, that is 20,000 a second. */
const flood = (lines: number) => `
  let at = 0;
  const timer = setInterval(() => {
    let text = '';
    for (let end = Math.min(at + 2000, ${lines}); at < end; at++) text += 'line ' + at + ' ' + 'x'.repeat(60) + '\\n';
    process.stdout.write(text);
    if (at === ${lines}) clearInterval(timer);
  }, 100);`;
const floodLine = (at: number) => `line ${at} ${'x'.repeat(60)}`;

/** An attempt in a process of its own that runs this program. */
async function start(program: string, more: Partial<FloodOrder> = {}) {
  const host = await replicas.enrol();
  const attempt = await replicas.attempt(host);
  const order: FloodOrder = {
    gateway: `127.0.0.1:${replicas.gateways[0]!.port}`,
    credential: host.credential,
    attempt,
    spool: join(folder, attempt.id),
    program,
    ...more,
  };
  const child = fork(fileURLToPath(new URL('./flood-process.ts', import.meta.url)), [JSON.stringify(order)]);
  onTestFinished(() => void child.kill('SIGKILL'));
  const ended = once(child, 'message').then(([figures]) => figures as FloodFigures);
  const stored = () => storedLines(replicas.bench, attempt.id);
  return { ended, stored, spooled: () => readdirSync(order.spool) };
}

test('FT-8: 20,000 lines a second: none is lost or doubled, memory stays, the program goes on, and a quiet job is heard', async () => {
  const noisy = await start(flood(100_000));
  const quiet = await start(
    `let n = 0; const t = setInterval(() => { console.log('tick ' + n); if (++n === 20) clearInterval(t); }, 100);`,
  );
  await quiet.ended;
  // Its 20 lines and the end are there while the other one still floods.
  expect(await quiet.stored()).toEqual([
    ...Array.from({ length: 20 }, (_, i) => `tick ${i}`),
    'The attempt ended: exit-0',
  ]);
  expect((await noisy.stored()).length).toBeLessThan(100_001);
  const figures = await noisy.ended;
  await vi.waitUntil(async () => (await noisy.stored()).length === 100_001, { timeout: 30_000, interval: 200 });
  const lines = await noisy.stored();
  expect(lines.slice(0, -1).findIndex((line, at) => line !== floodLine(at))).toBe(-1);
  expect(figures.code).toBe('exit-0');
  expect(figures.grownMib).toBeLessThan(80);
}, 120_000);

test('FT-8: the log store is away in the middle of a flood: outcome untouched, every line follows', async () => {
  const job = await start(flood(60_000));
  await vi.waitUntil(async () => (await job.stored()).length > 5_000, { timeout: 20_000, interval: 50 });
  const unlock = await lockLog(replicas);
  const figures = await job.ended;
  expect(figures).toMatchObject({ code: 'exit-0' });
  expect(job.spooled()).toHaveLength(1);
  await unlock();
  await vi.waitUntil(async () => (await job.stored()).length === 60_001, { timeout: 30_000, interval: 200 });
  const lines = await job.stored();
  expect(lines.slice(0, -1).findIndex((line, at) => line !== floodLine(at))).toBe(-1);
  expect(figures.grownMib).toBeLessThan(80);
  await vi.waitUntil(() => job.spooled().length === 0, { timeout: 10_000 });
}, 120_000);

test('HJ-15: what a job logs beyond its bound is counted and said', async () => {
  const job = await start(flood(20_000), { logBytes: 500_000 });
  expect(await job.ended).toMatchObject({ code: 'exit-0' });
  await vi.waitUntil(async () => (await job.stored()).some((line) => /dropped/.test(line)), { timeout: 20_000 });
  const lines = await job.stored();
  const marks = lines.filter((line) => /^\d+ lines? dropped$/.test(line));
  const dropped = marks.reduce((sum, mark) => sum + Number.parseInt(mark, 10), 0);
  // One more than the program wrote: how the attempt ended.
  expect(lines.length - marks.length + dropped).toBe(20_001);
  expect(dropped).toBeGreaterThan(10_000);
  // A shorter line may still have fitted after the first that did not, but nothing of any length.
  expect(marks.length).toBeLessThan(5);
});

test('HJ-15: a host with a good credential that sends for ever is cut at the bound of the kind, told so, and its outcome is taken', async () => {
  const logBytes = 500_000;
  const { registry } = replicas.bench;
  changeKind({ registry }, 'noop', { limits: { ...registry.kinds.byKey('noop')!.limits, logBytes } });
  const host = await replicas.enrol();
  const attempt = await replicas.attempt(host);
  const link = replicas.clientOf(host, 0).attempt(attempt.token, attempt.ticket);
  const answers: object[] = [];
  for (let report = 0; report < 40; report++) {
    const lines = Array.from(
      { length: 200 },
      (_, i): LogLine => [1, 'out', `${report * 200 + i} ${'x'.repeat(1_000)}`],
    );
    answers.push(await link.report(report * 200, lines, null, null, false));
  }
  const kept = (await storedLines(replicas.bench, attempt.id)).length;
  // A line counts its bytes and 32; marks of an agent that holds itself back have a MiB.
  expect(kept * 1_000).toBeLessThan(keptBytes(logBytes));
  expect(kept * 1_040 + 200 * 1_040).toBeGreaterThan(keptBytes(logBytes));
  expect(answers).toEqual(
    Array.from({ length: 40 }, (_, report) => {
      return { nextSeq: (report + 1) * 200, closed: false, full: report >= kept / 200 };
    }),
  );
  // The same again is neither kept nor counted.
  expect(await link.report(39 * 200, [[1, 'out', 'again']], null, null, false)).toMatchObject({ nextSeq: 8_000 });
  const result = { outcome: { code: 'succeeded', counts: {}, refs: {} }, failures: [], failureCount: 0 };
  await link.report(8_000, [[1, 'sys', 'the end']], null, result, true);
  const rows = await replicas.bench.owner.query(
    `select h.next_seq, h.closed, a.result->'outcome'->>'code' as code, (select sum(lines) from log_chunk c where c.job_id = h.job_id) as lines
       from log_head h join attempt a on a.job_id = h.job_id where h.job_id = $1`,
    [attempt.id],
  );
  // What is missing between the two is what readers show as dropped.
  expect(rows.rows).toEqual([{ next_seq: '8001', closed: true, code: 'succeeded', lines: String(kept) }]);
});

test('HJ-15: a host that sends what no agent of ours would: lines are made safe, too long ones and NUL are refused', async () => {
  const host = await replicas.enrol();
  const attempt = await replicas.attempt(host);
  const link = replicas.clientOf(host, 0).attempt(attempt.token, attempt.ticket);
  const say = (...texts: string[]) =>
    link.report(
      0,
      texts.map((text): LogLine => [1, 'out', text]),
      null,
      null,
      false,
    );
  for (const text of ['x'.repeat(MAX_LINE_BYTES + 1), 'a\0b'])
    await expect(say(text)).rejects.toMatchObject({ code: 'gateway-refused' });
  const most = '\u0007'.repeat(MAX_LINE_BYTES);
  await say('\u001b[2J\u001b[31mred\u001b[0m', 'one\nforged line', '10 %\r100 %', 'abc\u202egnp', 'half \ud800', most);
  const lines = await storedLines(replicas.bench, attempt.id);
  expect(lines.slice(0, -1)).toEqual(['red', 'one␊forged line', '10 %␍100 %', 'abc\ufffdgnp', 'half \ufffd']);
  expect(lines.at(-1)).toMatch(/^␇+ … \[cut\]$/);
  expect(Buffer.byteLength(lines.at(-1)!)).toBeLessThanOrEqual(MAX_LINE_BYTES);
});

test('HJ-15: a line of 10 MB, binary, NUL, progress bars and colours are stored safely', async () => {
  const job = await start(`
    process.stdout.write('y'.repeat(10_000_000) + '\\n');
    process.stdout.write(Buffer.from([0xff, 0xfe, 0x00, 0x80, 0x0a]));
    process.stdout.write('10 %\\r20 %\\r100 %\\r\\n');
    process.stdout.write('\\u001b[31mred\\u001b[0m \\ud83d\\ude00\\n');
    process.stdout.write('the last one, without an end');`);
  expect(await job.ended).toMatchObject({ code: 'exit-0' });
  await vi.waitUntil(async () => (await job.stored()).length === 6, { timeout: 20_000 });
  const lines = await job.stored();
  expect(lines[0]).toMatch(/^y+ … \[cut\]$/);
  expect(Buffer.byteLength(lines[0]!)).toBe(MAX_LINE_BYTES);
  expect(lines.slice(1, -1)).toEqual(['��␀�', '10 %␍20 %␍100 %', 'red 😀', 'the last one, without an end']);
});
