import { expect, test } from 'vitest';
import { LineTally } from './line-tally.ts';

function verdictOf(numbers: readonly number[]) {
  const tally = new LineTally('somebody', 5);
  for (const number of numbers) tally.take(`line ${number} of 5`);
  tally.take('snapshot 1234 saved');
  return tally.verdict;
}

test('each line once and in order is clean, whatever stands between', () => {
  expect(verdictOf([1, 2, 3, 4, 5])).toEqual({ lost: 0, doubled: 0, findings: [] });
});

test.each<[string, number[], { lost: number; doubled: number }, string]>([
  ['a line is missing', [1, 2, 4, 5], { lost: 1, doubled: 0 }, '1 lines are missing, first line 3'],
  ['the end is missing', [1, 2], { lost: 3, doubled: 0 }, '3 lines are missing, first line 3'],
  ['a line came again at once', [1, 2, 2, 3, 4, 5], { lost: 0, doubled: 1 }, '1 lines came again, first line 2'],
  ['a stretch came again', [1, 2, 3, 2, 3, 4, 5], { lost: 0, doubled: 2 }, '2 lines came again, first line 2'],
  ['two lines changed places', [1, 3, 2, 4, 5], { lost: 1, doubled: 0 }, '1 lines are out of order, first line 2'],
])('it is found that %s', (_what, numbers, counts, finding) => {
  expect(verdictOf(numbers)).toEqual({ ...counts, findings: [`somebody: ${finding}`] });
});
