import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isStorable } from '../core/plain-text.ts';
import { readAttemptResult, readOutcome } from './read-outcome.ts';

const outcome = { code: 'succeeded', counts: { files: 2 }, refs: { snapshot: 'abc' } };
const result = { outcome, failures: [{ code: 'x', item: '/a', message: 'no' }], failureCount: 1 };

test('an outcome and the result of an attempt are read as they are', () => {
  expect(readOutcome(outcome)).toEqual(outcome);
  expect(readAttemptResult(result)).toEqual(result);
});

test('HJ-33: what is no outcome is none: shape, own keys, sizes, numbers, texts', () => {
  const none: unknown[] = [
    null,
    undefined,
    'succeeded',
    [],
    { code: 'succeeded' },
    { ...outcome, more: 1 },
    { ...outcome, code: 'a\0' },
    { ...outcome, code: 'x'.repeat(65) },
    { ...outcome, counts: null },
    { ...outcome, counts: { a: 'x' } },
    { ...outcome, counts: { a: 1e300 } },
    { ...outcome, counts: { a: Number.POSITIVE_INFINITY } },
    { ...outcome, counts: [1] },
    { ...outcome, refs: { a: 'a\0' } },
    { ...outcome, refs: { a: '\ud800' } },
    { ...outcome, refs: { a: 'x'.repeat(1_025) } },
    { ...outcome, refs: JSON.parse('{"__proto__":"x"}') },
    { ...outcome, refs: Object.fromEntries(Array.from({ length: 65 }, (_, at) => [`n${at}`, 'x'])) },
    Object.create(outcome),
  ];
  for (const one of none) expect([JSON.stringify(one), readOutcome(one)]).toEqual([JSON.stringify(one), null]);
  for (const change of [
    { failureCount: 1e15 },
    { failureCount: -1 },
    { failureCount: '1' },
    { failures: [{}] },
    { failures: Array(101).fill(result.failures[0]) },
    { outcome: null },
  ])
    expect(readAttemptResult({ ...result, ...change })).toBeNull();
});

test('HJ-33: whatever JSON is there, reading it does not throw, and what is read can be stored', () => {
  const near = fc.record({
    code: fc.oneof(fc.constantFrom('toString', 'constructor', '__proto__', 'succeeded'), fc.jsonValue()),
    counts: fc.oneof(fc.dictionary(fc.string(), fc.double()), fc.jsonValue()),
    refs: fc.oneof(fc.dictionary(fc.string(), fc.string({ unit: 'binary' })), fc.jsonValue()),
  });
  const property = fc.property(fc.oneof(fc.jsonValue(), near), (value) => {
    const read = readOutcome(value);
    expect(readAttemptResult(value)).toBeNull();
    if (read === null) return;
    expect(isStorable(JSON.stringify(read)) && !JSON.stringify(read).includes('\\u0000')).toBe(true);
    expect(JSON.parse(JSON.stringify(read))).toEqual(read);
  });
  fc.assert(property, { numRuns: 2_000 });
});
