import type { TurnLimits } from './fair-turns.ts';

/** Of the gateway's ten connections, in turns by host: the others stay free for claims, beats and results, however stuck the log is. */
export const WRITERS: TurnLimits = { width: 5, widthEach: 3, waitingEach: 64, waitingAll: 10_000 };
/** For all else that asks the database: a host that waits for a row that it holds itself keeps one connection. */
export const QUESTIONS: TurnLimits = { width: 3, widthEach: 1, waitingEach: 64, waitingAll: 10_000 };

/** One call about an attempt at a time: a claim and a report lock the same rows, in another order. */
export const ATTEMPT: TurnLimits = {
  width: Number.POSITIVE_INFINITY,
  widthEach: 1,
  waitingEach: 2,
  waitingAll: 10_000,
};
