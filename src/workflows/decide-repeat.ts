import type { AttemptEnd, Repeat } from '../domain/jobs/repeat.ts';

/** A repeatable attempt that was claimed is done again at most this often. */
export const MAX_REPEATS_AFTER_CLAIM = 2;
/** An attempt that never touched the world is done again at most this often, so that a broken agent does not spin for ever. */
export const MAX_REPEATS_UNCLAIMED = 5;

interface RepeatQuestion {
  readonly repeat: Repeat;
  readonly end: AttemptEnd;
  readonly claimed: boolean;
  /** How many attempts of the job there were, this one included. */
  readonly attempts: number;
  /** How many of them were claimed. */
  readonly claimedAttempts: number;
  /** Nobody wants it done again. */
  readonly cancelAsked: boolean;
}

/**
 * What follows an attempt: `conclude` with what it answered, do it `again`, or give up: `cancelled` or `failed` when the
 * world was not touched or that does no harm, `unknown` when it may have been.
 */
export function decideRepeat(question: RepeatQuestion): 'conclude' | 'again' | 'cancelled' | 'failed' | 'unknown' {
  const { repeat, end, claimed, attempts, claimedAttempts } = question;
  if (end === 'answered' || end === 'cancelled' || end === 'never-started') return 'conclude';
  if (claimed && repeat === 'once') return 'unknown';
  if (question.cancelAsked) return 'cancelled';
  if (!claimed || repeat === 'read') return attempts <= MAX_REPEATS_UNCLAIMED ? 'again' : 'failed';
  return claimedAttempts <= MAX_REPEATS_AFTER_CLAIM ? 'again' : 'failed';
}
