import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { RefusalAudit } from './audit.ts';

const errors: object[] = [];
const log = {
  debug() {},
  info() {},
  warn() {},
  error: (facts: object) => errors.push(facts),
  child: () => log,
} as never;
const host = { orgId: 'o', hostId: 'h', hostName: 'name' };
const clock = { now: () => new Date() };
beforeEach(() => {
  errors.length = 0;
  vi.useFakeTimers({ now: 0 });
});
afterEach(() => void vi.useRealTimers());

test('HJ-8: each refusal stands in the audit: one row for a host and a call in ten seconds, with how often it was', async () => {
  const refused = vi.fn(async () => {});
  const audit = new RefusalAudit({ refused, auditGap: async () => {} }, clock, log);
  for (let count = 0; count < 500; count++) audit.refused(host, 'Beat', `no ${count}\0`);
  audit.refused(host, 'Claim', 'no');
  await vi.advanceTimersByTimeAsync(60_000);
  expect(refused.mock.calls).toEqual([
    [host, 'Beat', 'no 0␀', 1],
    [host, 'Claim', 'no', 1],
    [host, 'Beat', 'no 499␀', 499],
  ]);
});

test('ACC-25: what the audit could not take is counted, told at once, and written as a gap when it takes something again', async () => {
  let isAway = true;
  const away = async () => {
    if (isAway) throw new Error('away');
  };
  const [refused, auditGap] = [vi.fn(away), vi.fn(away)];
  const audit = new RefusalAudit({ refused, auditGap }, clock, log);
  audit.refused(host, 'Beat', 'no');
  audit.refused(host, 'Claim', 'no');
  await vi.advanceTimersByTimeAsync(25_000);
  expect(errors).toMatchObject([{ lost: 1 }, { lost: 2 }]);
  expect(auditGap).toHaveBeenCalledTimes(2);
  isAway = false;
  await vi.advanceTimersByTimeAsync(30_000);
  expect(auditGap.mock.calls.slice(2)).toEqual([['o', 2, new Date(0)]]);
  audit.refused(host, 'Hello', 'no');
  audit.refused(host, 'Hello', 'no');
  await audit.stop();
  expect(refused.mock.calls.slice(2)).toEqual([
    [host, 'Hello', 'no', 1],
    [host, 'Hello', 'no', 1],
  ]);
});
