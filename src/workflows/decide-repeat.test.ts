import { expect, test } from 'vitest';
import type { AttemptEnd, Repeat } from '../domain/jobs/repeat.ts';
import { decideRepeat, MAX_REPEATS_AFTER_CLAIM, MAX_REPEATS_UNCLAIMED } from './decide-repeat.ts';

const ask = (
  repeat: Repeat,
  end: AttemptEnd,
  claimed: boolean,
  attempts = 1,
  claimedAttempts = claimed ? attempts : 0,
  cancelAsked = false,
) => decideRepeat({ repeat, end, claimed, attempts, claimedAttempts, cancelAsked });

test('an attempt that answered, was cancelled or was never picked up is never done again', () => {
  for (const repeat of ['read', 'repeatable', 'once'] as const)
    for (const end of ['answered', 'cancelled', 'never-started'] as const)
      for (const claimed of [true, false]) expect(ask(repeat, end, claimed)).toBe('conclude');
});

test('what may have touched the world once and must not twice ends as unknown', () => {
  expect(ask('once', 'lost', true)).toBe('unknown');
  expect(ask('once', 'threw', true)).toBe('unknown');
});

test('what did not touch the world is done again whatever its class, but not for ever', () => {
  for (const repeat of ['read', 'repeatable', 'once'] as const) {
    expect(ask(repeat, 'lost', false)).toBe('again');
    expect(ask(repeat, 'lost', false, MAX_REPEATS_UNCLAIMED + 1)).toBe('failed');
  }
});

test('what is repeatable is done again at most twice after it was claimed', () => {
  for (let claimed = 1; claimed <= MAX_REPEATS_AFTER_CLAIM; claimed++)
    expect(ask('repeatable', 'lost', true, claimed)).toBe('again');
  expect(ask('repeatable', 'lost', true, MAX_REPEATS_AFTER_CLAIM + 1)).toBe('failed');
});

test('what was lost while it was being cancelled is not done again, and what it did once is still unknown', () => {
  for (const repeat of ['read', 'repeatable'] as const)
    for (const claimed of [true, false]) expect(ask(repeat, 'lost', claimed, 1, 0, true)).toBe('cancelled');
  expect(ask('once', 'lost', false, 1, 0, true)).toBe('cancelled');
  expect(ask('once', 'lost', true, 1, 1, true)).toBe('unknown');
});
