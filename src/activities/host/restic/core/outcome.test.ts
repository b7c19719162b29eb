import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ProgramEnd } from '../../../../agent/programs/run-program.ts';
import { BACKUP_OUTCOMES } from '../../../../kinds/backup/restic-outcomes.ts';
import { decodeLine, decodeLines } from './decode.ts';
import { backupCode, backupResult, madeSnapshot } from './outcome.ts';
import { ResticReading } from './reading.ts';
import { STREAMS } from './streams.fixture.ts';

const ended = (exitCode: number | null, more: Partial<ProgramEnd> = {}): ProgramEnd => ({
  exitCode,
  signal: null,
  stopped: false,
  killed: false,
  notStarted: null,
  ...more,
});

function read(lines: string): ResticReading {
  const reading = new ResticReading();
  for (const line of lines.split('\n')) reading.take(decodeLine(line.slice(2)));
  return reading;
}

describe('recorded streams of restic', () => {
  test.each(STREAMS.map((stream) => [`${stream.version}: ${stream.what}`, stream] as const))('%s', (_name, stream) => {
    const result = backupResult(ended(stream.exitCode), read(stream.lines));
    expect(result.outcome.code).toBe(stream.code);
    expect(result.failures.map((failure) => failure.code)).toEqual(stream.failures);
    expect(result.failureCount).toBe(stream.failures.length);
    expect(Object.values(result.outcome.counts).every(Number.isFinite)).toBe(true);
    expect(BACKUP_OUTCOMES).toHaveProperty(result.outcome.code);
  });
});

test('the figures and the snapshot of a backup are in its outcome', () => {
  const { outcome } = backupResult(
    ended(0),
    read(STREAMS.find((s) => s.version === '0.18' && s.code === 'succeeded')!.lines),
  );
  expect(outcome.counts).toMatchObject({
    filesNew: 1,
    filesUnmodified: 2,
    bytesAdded: 1044,
    durationMs: 714,
    failures: 0,
  });
  expect(outcome.refs.snapshotId).toMatch(/^[0-9a-f]{64}$/);
});

test('a signal, a missing program and a late stop are told apart', () => {
  const well = read(STREAMS[0]!.lines);
  expect(backupCode(ended(null, { signal: 'SIGKILL' }), new ResticReading())).toBe('restic-crashed');
  expect(backupCode(ended(null, { notStarted: 'ENOENT' }), new ResticReading())).toBe('program-missing');
  expect(backupCode(ended(127), new ResticReading())).toBe('program-missing');
  expect(backupCode(ended(null, { notStarted: 'E2BIG' }), new ResticReading())).toBe('command-too-long');
  expect(backupCode(ended(130, { stopped: true }), well)).toBe('succeeded');
  expect(backupCode(ended(1), well)).toBe('error-after-snapshot');
  expect(madeSnapshot(ended(130, { stopped: true }), new ResticReading())).toBe(false);
});

test('a backup that made a snapshot is never a failure, whatever its messages looked like', () => {
  const states = BACKUP_OUTCOMES as Record<string, { state: string }>;
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.string(), fc.json())), fc.constantFrom(0, 3), (lines, exitCode) => {
      const reading = new ResticReading();
      for (const line of lines) reading.take(decodeLine(line));
      expect(states[backupCode(ended(exitCode), reading)]!.state).toMatch(/succeeded|partial/);
    }),
  );
});

test('failures are counted once each and kept up to a hundred', () => {
  const reading = new ResticReading();
  for (let round = 0; round < 2; round++)
    for (let i = 0; i < 250; i++)
      reading.take(decodeLine(JSON.stringify({ message_type: 'error', error: { message: 'x' }, item: `/f${i}` })));
  expect(backupResult(ended(3), reading)).toMatchObject({ failureCount: 250, failures: { length: 100 } });
});

test('progress without totals has no share, and missing figures are no NaN', () => {
  expect(decodeLine('{"message_type":"status","percent_done":0}')).toMatchObject({
    progress: { fraction: null, bytesTotal: 0, current: null, ratePerSecond: null, etaSeconds: null },
  });
  const full =
    '{"message_type":"status","seconds_elapsed":2,"seconds_remaining":3,"percent_done":0.4,"total_files":10,"files_done":4,"total_bytes":1000,"bytes_done":400,"current_files":["/a","/b"]}';
  expect(decodeLine(full)).toMatchObject({
    progress: { fraction: 0.4, bytesDone: 400, current: '/a', ratePerSecond: 200, etaSeconds: 3, filesDone: 4 },
  });
});

const itemError = (item: string, during = 'archival', message = 'x') =>
  JSON.stringify({ message_type: 'error', error: { message }, during, item });

test('BK-5: text that was written without a line end hides no message behind it', () => {
  const glued = `error for exclude pattern: {"a":${itemError('/f1')}`;
  expect(decodeLines(glued)).toMatchObject([
    { type: 'text', text: 'error for exclude pattern: {"a":' },
    { type: 'item-error', item: '/f1' },
  ]);
  expect(decodeLines(itemError('/a') + itemError('/b')).map((message) => message.type)).toEqual([
    'item-error',
    'item-error',
  ]);
  const name = '/x{"message_type":"summary"}';
  expect(decodeLines(itemError(name))).toMatchObject([{ item: name }]);
  expect(decodeLines(`${name} does not exist, skipping`)).toEqual([{ type: 'path-missing', path: name }]);
  const reading = new ResticReading();
  for (let i = 0; i < 10; i++)
    for (const message of decodeLines(`${i === 4 ? 'no line end' : ''}${itemError(`/f${i}`)}`)) reading.take(message);
  expect(reading.itemErrors).toBe(10);
});

test('two names that look the same because of bytes that are no UTF-8 count twice, but not once per phase', () => {
  const reading = new ResticReading();
  for (const during of ['scan', 'scan', 'archival', 'archival'])
    reading.take(decodeLine(itemError('/a/\ufffd', during)));
  expect(reading).toMatchObject({ itemErrors: 2, failures: { length: 2 } });
});

test('an error says what kind it is', () => {
  const codeOf = (message: string) => (decodeLine(itemError('/a', 'scan', message)) as { code: string }).code;
  expect(codeOf('lstat /a: file name too long')).toBe('name-too-long');
  expect(codeOf('lstat /a: stale NFS file handle')).toBe('mount-dead');
  expect(codeOf('lstat /a: transport endpoint is not connected')).toBe('mount-dead');
  expect(codeOf('lstat /a: permission denied')).toBe('permission-denied');
});
