import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isTerminal } from '../../domain/jobs/job-state.ts';
import type { Outcome } from '../../domain/jobs/outcome.ts';
import type { RunEnding } from '../../domain/jobs/run.ts';
import { KINDS } from '../index.ts';
import { COMMON_OUTCOMES, conclude } from './conclude.ts';

const outcome = (code: string) => ({ code, counts: {}, refs: {} });

describe.each(KINDS.map((kind) => [kind.key, kind] as const))('%s', (_key, kind) => {
  test('HJ-12: comes to a terminal state with a sentence however its run ended', () => {
    const endings: RunEnding[] = [
      { how: 'cancelled' },
      { how: 'timed-out' },
      { how: 'lost' },
      { how: 'unknown' },
      { how: 'threw', code: 'nobody-listed-this' },
      { how: 'answered', outcome: outcome('nobody-listed-this') },
      ...Object.keys(kind.outcomes).map((code) => ({ how: 'answered' as const, outcome: outcome(code) })),
    ];
    for (const ending of endings) {
      const verdict = conclude(kind, ending);
      expect(isTerminal(verdict.state)).toBe(true);
      expect(verdict.sentence).toMatch(/\.$/);
    }
  });

  test('an outcome keeps its own code; one that nobody listed counts as a fault of the agent', () => {
    for (const code of Object.keys(kind.outcomes))
      expect(conclude(kind, { how: 'answered', outcome: outcome(code) })).toMatchObject({
        code,
        state: kind.outcomes[code]!.state,
      });
    expect(conclude(kind, { how: 'answered', outcome: outcome('nobody-listed-this') })).toMatchObject({
      code: 'agent-fault',
      state: 'failed',
    });
  });

  test('HJ-33: comes to a terminal state with a sentence whatever JSON stands in the place of its answer', () => {
    const codes = fc.constantFrom('toString', 'constructor', '__proto__', ...Object.keys(kind.outcomes));
    const near = fc.record({
      code: codes,
      counts: fc.oneof(fc.jsonValue(), fc.dictionary(fc.string(), fc.jsonValue())),
      refs: fc.jsonValue(),
    });
    const answer = fc.oneof(fc.constant(undefined), fc.jsonValue(), near, fc.record({ code: codes }));
    const property = fc.property(answer, codes, (said, code) => {
      for (const ending of [{ how: 'answered', outcome: said as Outcome } as const, { how: 'threw', code } as const]) {
        const verdict = conclude(kind, ending);
        expect([isTerminal(verdict.state), typeof verdict.sentence, typeof verdict.next]).toEqual([
          true,
          'string',
          'string',
        ]);
        expect(Object.values(verdict.outcome.counts).every(Number.isFinite)).toBe(true);
      }
    });
    fc.assert(property, { numRuns: 500 });
  });

  test('does not take a common code for its own', () => {
    for (const code of Object.keys(COMMON_OUTCOMES)) expect(kind.outcomes[code]).toBeUndefined();
  });
});
