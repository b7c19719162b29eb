/** The host said how the attempt ended, and Temporal does not know it after this long: the answer itself was lost. */
export const RESULT_MS = 5_000;
/**
 * The host beats and does not name the job for so long, though Temporal believes that the attempt runs there: nothing was
 * heard of it because the task or the answer was lost on the way. Two beats are 20 s.
 */
export const UNNAMED_MS = 20_000;

/** A run that is under way on a host whose beats arrive. */
interface CompletionQuestion {
  /** When the host reported how the attempt ended; null: it did not. */
  readonly resultAtMs: number | null;
  /** Since when the beats do not name the job; null: they name it. */
  readonly unnamedSinceMs: number | null;
  readonly nowMs: number;
}

/** Whether the answer of an attempt will not come any more, so that nobody waits for the heartbeat time-out: up to 15 min. */
export function isCompletionLost({ resultAtMs, unnamedSinceMs, nowMs }: CompletionQuestion): boolean {
  if (unnamedSinceMs === null) return false;
  if (resultAtMs !== null && nowMs - resultAtMs >= RESULT_MS) return true;
  return nowMs - unnamedSinceMs >= UNNAMED_MS;
}
