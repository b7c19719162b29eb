import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { RateLimiter } from './rate-limiter.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('a few go at once, the next when the first of them has rested, in the order they came', async () => {
  const limiter = new RateLimiter(2, 80);
  const went: number[] = [];
  for (const no of [1, 2, 3, 4, 5]) void limiter.wait().then(() => went.push(no));
  await vi.advanceTimersByTimeAsync(79);
  expect(went).toEqual([1, 2]);
  await vi.advanceTimersByTimeAsync(1);
  expect(went).toEqual([1, 2, 3, 4]);
  await vi.advanceTimersByTimeAsync(80);
  expect(went).toEqual([1, 2, 3, 4, 5]);
  await vi.advanceTimersByTimeAsync(1_000);
  for (const no of [6, 7, 8]) void limiter.wait().then(() => went.push(no));
  await vi.advanceTimersByTimeAsync(0);
  expect(went).toEqual([1, 2, 3, 4, 5, 6, 7]);
});
