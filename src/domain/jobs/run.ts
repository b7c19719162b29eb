import type { TerminalState } from './job-state.ts';
import type { Outcome } from './outcome.ts';
import type { Repeat } from './repeat.ts';

/** What a workflow is started with. Ids are uuids. */
export interface RunInput {
  readonly orgId: string;
  readonly jobId: string;
  readonly runNo: number;
}

/** One run of a job: its number, and the id that Temporal gave it; null while it has not begun. */
export interface RunRef {
  readonly runNo: number;
  readonly runId: string | null;
}

/**
 * The fence: whether what this run says or asks is still about its job. By number, because a job gets another run; and by
 * Temporal's id, because a run that was reset by hand has the number of the one it came from.
 */
export function isCurrentRun(job: RunRef, run: RunRef): boolean {
  return job.runNo === run.runNo && job.runId === run.runId;
}

/** The same for who may come first: nobody has begun the run of this number yet. */
export function isCurrentOrUnbegun(job: RunRef, run: RunRef): boolean {
  return job.runId === null ? job.runNo === run.runNo : isCurrentRun(job, run);
}

/** All that a run needs to know, as begin read it from the rows. Stands in the (encrypted) history: no secrets, nothing big. */
export interface JobOrder {
  readonly verdict: 'go';
  readonly kind: string;
  /** Public id, for activities and people. */
  readonly jobId: string;
  readonly hostId: string | null;
  readonly activity: string;
  readonly taskQueue: string;
  readonly title: string;
  readonly repeat: Repeat;
  readonly heartbeatTimeoutMs: number;
  readonly runTimeoutMs: number;
  readonly scheduleToStartMs: number;
  /** How what is left of an attempt is ended, on this queue. */
  readonly quickQueue: string | null;
  readonly stop: StopOrder;
  /** A cancel came before the run began: nothing is done any more, only what an earlier run left is settled. */
  readonly cancelAsked: boolean;
  /** Null for a first run, and when no earlier one got as far as a host. */
  readonly leftBehind: LeftBehind | null;
}

/**
 * What earlier runs of the job left: nobody waits for their last attempt any more, so the next run looks into it before
 * anything is done again. Runs are lost with Temporal's database, or ended there by hand.
 */
export interface LeftBehind {
  readonly runNo: number;
  readonly attempt: number;
  /** How many attempts of all earlier runs the rows know, and how many of them were claimed. */
  readonly attempts: number;
  readonly claimedAttempts: number;
}

export type BeginAnswer =
  | JobOrder
  /** The row has ended, or belongs to another run: this run has nothing to do. */
  | { readonly verdict: 'not-mine' };

/** How a program is ended: the signal it understands, then SIGKILL, then the clean-up by its name. */
interface StopOrder {
  readonly signal: 'SIGINT' | 'SIGTERM';
  readonly graceMs: number;
  readonly cleanUp: string | null;
}

/** One attempt of the job, which may be of an earlier run. */
export interface AttemptRef {
  readonly runNo: number;
  readonly attempt: number;
}

/** The type of failure of a control activity whose values the database refuses. It is not tried again. */
export type DataFault = 'DataFault';

/** How a run came to its end. */
export type RunEnding =
  | { readonly how: 'answered'; readonly outcome: Outcome }
  | { readonly how: 'threw'; readonly code: string }
  | { readonly how: 'cancelled' }
  | { readonly how: 'timed-out' }
  | { readonly how: 'lost' }
  | { readonly how: 'unknown' };

/** How the job of a run ended, as its row says. */
export interface JobEnding {
  readonly state: TerminalState;
  readonly code: string;
  readonly sentence: string;
  readonly next: string;
}

/** What the rows know of an attempt whose own answer is missing. */
export interface AttemptEvidence {
  readonly claimed: boolean;
  /** The outcome of its last report, when that came through though the answer did not. */
  readonly outcome: Outcome | null;
  /** Somebody wants the job to end, as its row says. */
  readonly cancelAsked: boolean;
  /** Its host is known to be away: nobody there would take another attempt up. Left out by the release before. */
  readonly hostAway?: boolean;
}

/** An attempt that was given up. */
export interface GivenUp extends AttemptEvidence {
  /** Milliseconds since 1970: till then the host is to be asked; after that it has stopped what it ran by itself. Null: nothing of it can run. */
  readonly verifyUntilMs: number | null;
}
