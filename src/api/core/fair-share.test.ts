import { expect, test } from 'vitest';
import { hasShare } from './fair-share.ts';

/** How many each gets who takes all that it can, one after the other. */
function take(takers: number, places: number, share: number): number[] {
  const held: number[] = [];
  let all = 0;
  for (let taker = 0; taker < takers; taker++) {
    held[taker] = 0;
    for (; hasShare(held[taker]!, all, places, share); all++) held[taker]!++;
  }
  return held;
}

test('UX-5: one takes three quarters alone, and those who come later find places', () => {
  expect(take(4, 32, 3)).toEqual([24, 6, 2, 0]);
  expect(take(1, 12_000, 9)).toEqual([10_800]);
});
