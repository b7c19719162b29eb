import { expect, test } from 'vitest';
import { LEASE_MS } from './agent-protocol.ts';
import { INGEST_GAP_MS, judgeSilence, PROBLEM_HOLD_MS } from './silence.ts';

const NOW = 1_000_000_000;
const healthy = { sinceMs: NOW - LEASE_MS, seenAtMs: NOW, problemSinceMs: null };
const one = { silent: 1, present: 1 };

test('HJ-6: a host is called away only after gateways took beats for one full lease without a gap', () => {
  expect(judgeSilence(null, one, NOW)).toBe('unknown');
  expect(judgeSilence({ ...healthy, sinceMs: NOW - LEASE_MS + 1 }, one, NOW)).toBe('unknown');
  expect(judgeSilence({ ...healthy, seenAtMs: NOW - INGEST_GAP_MS - 1 }, one, NOW)).toBe('unknown');
  expect(judgeSilence(healthy, one, NOW)).toBe('away');
});

test.each([
  [1, 1, 'away'],
  [4, 4, 'away'],
  [5, 25, 'away'],
  [5, 24, 'ingest-problem'],
  [2_001, 10_000, 'ingest-problem'],
] as const)('%i silent hosts of %i are: %s', (silent, present, verdict) => {
  expect(judgeSilence(healthy, { silent, present }, NOW)).toBe(verdict);
});

test('many that stay silent beside a healthy gateway are believed after a minute', () => {
  const many = { silent: 50, present: 100 };
  const after = (ms: number) => judgeSilence({ ...healthy, problemSinceMs: NOW - ms }, many, NOW);
  expect(after(PROBLEM_HOLD_MS - 1)).toBe('ingest-problem');
  expect(after(PROBLEM_HOLD_MS)).toBe('away');
});
