import type { SemaphoreLimits } from './fair-semaphore.ts';

/** Of the gateway's ten connections, fairly by host: the others stay free for claims, beats and results, however stuck the log is. */
export const REPORTS: SemaphoreLimits = { width: 5, widthEach: 3, waitingEach: 64, waitingAll: 10_000 };
/** For all else that asks the database: a host that waits for a row that it holds itself keeps one connection. */
export const QUERIES: SemaphoreLimits = { width: 3, widthEach: 1, waitingEach: 64, waitingAll: 10_000 };

/** One call about an attempt at a time: a claim and a report lock the same rows, in another order. */
export const ATTEMPT: SemaphoreLimits = {
  width: Number.POSITIVE_INFINITY,
  widthEach: 1,
  waitingEach: 2,
  waitingAll: 10_000,
};
