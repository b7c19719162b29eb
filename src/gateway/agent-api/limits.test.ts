import { expect, test, vi } from 'vitest';
import { Presence } from '../presence/presence.ts';
import { Buckets, Concurrency } from './limits.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent } as never;

test('a bucket gives its burst, then its rate, and each key has its own', () => {
  let nowMs = 0;
  const buckets = new Buckets({ now: () => new Date(nowMs) }, { perSecond: 2, burst: 3 });
  expect([1, 2, 3, 4].map(() => buckets.take('a'))).toEqual([true, true, true, false]);
  expect(buckets.take('b')).toBe(true);
  nowMs = 500;
  expect([1, 2].map(() => buckets.take('a'))).toEqual([true, false]);
});

test('places are given back once', () => {
  const places = new Concurrency(1);
  const leave = places.enter('a')!;
  expect(places.enter('a')).toBeNull();
  leave();
  leave();
  expect(places.enter('a')).not.toBeNull();
  expect(places.enter('a')).toBeNull();
});

const audit = { refused: vi.fn() };
const beat = (hostId: string, epoch: number) => ({
  orgId: 'o',
  hostId,
  hostName: hostId,
  epoch,
  runningJobs: [],
  arrivedAt: new Date(epoch),
});

test('beats go out together once a second, the newest of each host; a failed write is tried again; idle is idle', async () => {
  vi.useFakeTimers();
  const written = { again: [], dropped: [], thrown: null };
  const beats = vi.fn().mockResolvedValue(written);
  beats.mockImplementationOnce(async (again) => ({ ...written, again, thrown: new Error('database away') }));
  const presence = new Presence({ beats }, audit, silent);
  presence.beat(beat('a', 1));
  presence.beat(beat('b', 1));
  await vi.advanceTimersByTimeAsync(1_000);
  presence.beat(beat('a', 2));
  await vi.advanceTimersByTimeAsync(1_000);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(beats).toHaveBeenCalledTimes(2);
  expect(beats.mock.lastCall![0]).toEqual([beat('a', 2), beat('b', 1)]);
  presence.beat(beat('c', 1));
  await presence.stop();
  expect(beats.mock.lastCall![0]).toEqual([beat('c', 1)]);
  vi.useRealTimers();
});

test('HJ-33: a beat that can never be stored is dropped, counted and audited, and not sent again', async () => {
  vi.useFakeTimers();
  const beats = vi
    .fn()
    .mockImplementationOnce(async ([bad]) => ({ again: [], dropped: [bad], thrown: new Error('22P05') }));
  const presence = new Presence({ beats }, audit, silent);
  presence.beat(beat('bad', 1));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(beats).toHaveBeenCalledTimes(1);
  expect(audit.refused).toHaveBeenCalledExactlyOnceWith(beat('bad', 1), 'Beat', 'a beat that cannot be stored');
  vi.useRealTimers();
});
