import { LATE_LOG_MS } from '../../domain/jobs/agent-protocol.ts';
import type { BacklogLimits } from './log-backlog.ts';

export interface LogSenderTimes {
  /** How long lines gather before they are sent. */
  readonly flushMs: number;
  readonly progressMs: number;
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
  /** A report that is not answered for so long counts as trouble: what waits behind it goes to the disk. */
  readonly slowMs: number;
  /** How long `close` waits for the gateway. */
  readonly closeMs: number;
  /** How long sending goes on by itself after `close` gave up waiting. */
  readonly lingerMs: number;
}

export const LOG_SENDER_TIMES: LogSenderTimes = {
  flushMs: 300,
  progressMs: 1_000,
  retryMinMs: 200,
  retryMaxMs: 5_000,
  slowMs: 2_000,
  closeMs: 5_000,
  // As long as the gateway takes lines of a job that has ended.
  lingerMs: LATE_LOG_MS,
};

/** 8 MiB: about 50,000 lines as restic writes them; 256 MiB: two million short ones. */
export const LOG_BOUNDS: BacklogLimits = { memoryBytes: 8 * 1024 * 1024, attemptBytes: 256 * 1024 * 1024 };
