import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  advanced,
  LOG_START,
  type LogPosition,
  nextIn,
  parsePosition,
  printPosition,
  reaches,
  tailOf,
} from './log-position.ts';

const at = (...places: [run: number, attempt: number, next: number][]): LogPosition =>
  places.reduce<LogPosition>((position, [run, attempt, next]) => advanced(position, run, attempt, next), LOG_START);

const positions = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 9 })))
  .map((places) => at(...places));

test('a position is the same after its way through a text; what is none is refused', () => {
  fc.assert(
    fc.property(positions, (position) => {
      expect(parsePosition(printPosition(position))).toEqual(position);
    }),
  );
  for (const text of [
    '',
    '1',
    '1.1',
    '1.1.0',
    '0.1.1',
    '1.1.1_',
    '1.2.1_1.1.1',
    '1.1.1_1.1.2',
    '1.1.01',
    '1.1.-1',
    '1.1.1e9',
  ])
    expect(parsePosition(text), text).toBeNull();
  expect(parsePosition('0')).toEqual(LOG_START);
});

test('one position reaches another when it is as far in every attempt, whatever came late', () => {
  expect(reaches(at([1, 1, 5], [1, 2, 3]), at([1, 1, 5]))).toBe(true);
  expect(reaches(at([1, 2, 3]), at([1, 1, 1], [1, 2, 3]))).toBe(false);
  fc.assert(
    fc.property(positions, positions, (a, b) => {
      if (reaches(a, b) && reaches(b, a)) expect(printPosition(a)).toBe(printPosition(b));
    }),
  );
});

test('a tail starts that many lines before the end, over attempts, or at the start', () => {
  const end = at([1, 1, 10], [1, 2, 2], [2, 1, 3]);
  expect(printPosition(tailOf(end, 3))).toBe('1.1.10_1.2.2');
  expect(printPosition(tailOf(end, 6))).toBe('1.1.9');
  expect(tailOf(end, 100)).toEqual(LOG_START);
  fc.assert(
    fc.property(positions, fc.integer({ min: 1, max: 40 }), (position, count) => {
      const lines = (one: LogPosition) => one.reduce((sum, place) => sum + place.next, 0);
      expect(lines(position) - lines(tailOf(position, count))).toBe(Math.min(count, lines(position)));
      expect(nextIn(tailOf(position, count), 9, 9)).toBe(0);
    }),
  );
});
