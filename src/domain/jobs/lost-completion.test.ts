import { expect, test } from 'vitest';
import { isCompletionLost, RESULT_MS, UNNAMED_MS } from './lost-completion.ts';

const NOW = 1_000_000_000;
const ask = (resultAgeMs: number | null, unnamedForMs: number | null) =>
  isCompletionLost({
    resultAtMs: resultAgeMs === null ? null : NOW - resultAgeMs,
    unnamedSinceMs: unnamedForMs === null ? null : NOW - unnamedForMs,
    nowMs: NOW,
  });

test('an attempt that its host names goes on, whatever it has said already', () => {
  expect(ask(null, null)).toBe(false);
  expect(ask(10 * RESULT_MS, null)).toBe(false);
});

test('a result that was reported is an answer that should have come at once', () => {
  expect(ask(RESULT_MS - 1, 0)).toBe(false);
  expect(ask(RESULT_MS, 0)).toBe(true);
});

test('without a result two beats have to leave the job out: one may have passed the task on its way', () => {
  expect(ask(null, UNNAMED_MS - 1)).toBe(false);
  expect(ask(null, UNNAMED_MS)).toBe(true);
});
