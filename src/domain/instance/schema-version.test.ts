import { expect, test } from 'vitest';
import { judgeSchema } from './schema-version.ts';

test.each([
  [['1_a', '2_b'], 'same'],
  [['1_a', '2_b', '3_c', '4_d'], 'newer'],
  [['1_a', '2_b', '3_c_breaking', '4_d'], 'breaking'],
  [['1_a'], 'older'],
  [[], 'older'],
  [['1_a', '3_c'], 'older'],
  [['1_a', '3_breaking'], 'breaking'],
])('RUN-14: a program that knows 1_a and 2_b finds %j: %s', (applied, verdict) => {
  expect(judgeSchema(applied, ['1_a', '2_b'])).toBe(verdict);
});

test('RUN-14: a breaking migration that the program knows keeps nobody out', () => {
  expect(judgeSchema(['1_a', '2_breaking'], ['1_a', '2_breaking'])).toBe('same');
});
