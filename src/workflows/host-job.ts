import { CancellationScope, isCancellation, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import type { JobOrder, RunEnding, RunInput } from '../domain/run.ts';
import { begin, evidence, finish, noteCancel, quiescence, requeue } from './control.ts';
import { decideRepeat } from './decide-repeat.ts';
import { type AttemptAnswer, perform } from './perform.ts';

/** The life of a job with one host activity. The row decides at begin and finish; this carries it out and waits. */
export async function hostJob(run: RunInput): Promise<string> {
  const { runId } = workflowInfo();
  const order = await CancellationScope.nonCancellable(() => begin(run, runId));
  if (order.verdict === 'not-mine') return 'this run has nothing to do: the job has ended or was started anew';
  setCurrentDetails(order.title);
  const cancelNoted = order.cancelAsked ? () => Promise.resolve() : noteCancelWhenItComes(run, runId);
  const { ending, attempts } = await attempt(run, order);
  await cancelNoted();
  if (ending === 'nobody-there') {
    const waits = await CancellationScope.nonCancellable(() => requeue(run, runId));
    return waits
      ? 'nobody took the attempt up: the job waits to be started anew'
      : conclude(run, runId, { how: 'cancelled' }, attempts);
  }
  return conclude(run, runId, ending, attempts);
}

async function conclude(run: RunInput, runId: string, ending: RunEnding, attempts: number): Promise<string> {
  const mine = await CancellationScope.nonCancellable(() => finish(run, runId, ending, attempts));
  return mine ? ending.how : 'the job belongs to another run';
}

/** A cancel by a person in Temporal is shown while the attempt is still being stopped. The answer waits for the note. */
function noteCancelWhenItComes(run: RunInput, runId: string): () => Promise<void> {
  let noted = Promise.resolve();
  CancellationScope.current().cancelRequested.catch(() => {
    noted = CancellationScope.nonCancellable(() => noteCancel(run, runId));
  });
  return () => noted;
}

interface End {
  readonly ending: RunEnding | 'nobody-there';
  /** Of all runs of the job. */
  readonly attempts: number;
}

/** How many attempts there were before, and how many of them may have touched the world. */
interface Tally {
  attempts: number;
  claimed: number;
}

/** Attempts until one of them is the end. What an earlier run left is settled first, like an attempt of our own that was lost. */
async function attempt(run: RunInput, order: JobOrder): Promise<End> {
  const { leftBehind } = order;
  const tally: Tally = { attempts: leftBehind?.attempts ?? 0, claimed: leftBehind?.claimedAttempts ?? 0 };
  if (leftBehind !== null) {
    const earlier = { ...run, runNo: leftBehind.runNo };
    const end = await settle(earlier, order, { end: 'lost' }, leftBehind.attempt, tally);
    if (end !== null) return end;
  } else if (order.cancelAsked) return { ending: { how: 'cancelled' }, attempts: 0 };
  for (let no = 1; ; no++) {
    const answer = await perform(run, order, no);
    if (answer.end === 'never-started') return { ending: 'nobody-there', attempts: tally.attempts };
    tally.attempts++;
    const end = directEnd(answer, tally.attempts) ?? (await settle(run, order, answer, no, tally, true));
    if (end !== null) return end;
  }
}

/** An answer counts at once. */
function directEnd(answer: AttemptAnswer, attempts: number): End | null {
  if (answer.end === 'answered') return { ending: { how: 'answered', outcome: answer.outcome }, attempts };
  if (answer.end === 'cancelled') return { ending: { how: 'cancelled' }, attempts };
  if (answer.end === 'too-long') return { ending: { how: 'timed-out' }, attempts };
  return null;
}

/** What was lost is looked into: null when it has to be done again. */
async function settle(
  run: RunInput,
  order: JobOrder,
  answer: AttemptAnswer,
  no: number,
  tally: Tally,
  own = false,
): Promise<End | null> {
  const known = await lookInto(run, order, answer, no);
  const { attempts } = tally;
  if (known.outcome !== null) return { ending: { how: 'answered', outcome: known.outcome }, attempts };
  if (own && known.claimed) tally.claimed++;
  const next = decideRepeat({
    repeat: order.repeat,
    end: answer.end === 'threw' ? 'threw' : 'lost',
    claimed: known.claimed,
    attempts,
    claimedAttempts: tally.claimed,
    cancelAsked: known.cancelled || order.cancelAsked,
  });
  if (next === 'again') return null;
  if (next === 'unknown' || next === 'cancelled') return { ending: { how: next }, attempts };
  return { ending: answer.end === 'threw' ? { how: 'threw', code: answer.code } : { how: 'lost' }, attempts };
}

/** The attempt's own answer is missing: wait until the host is quiet, then see what its last report said. */
async function lookInto(run: RunInput, order: JobOrder, answer: AttemptAnswer, no: number) {
  let cancelled = false;
  if (answer.end === 'lost' && order.hostId !== null) {
    const deadlineMs = order.heartbeatTimeoutMs + order.stopGraceMs;
    try {
      await quiescence(deadlineMs)(run, no, order.jobId, deadlineMs);
    } catch (thrown) {
      if (!isCancellation(thrown)) throw thrown;
      // Cancelled while we waited: wait on, without listening, because the keys must not be given back before it is quiet.
      cancelled = true;
      await CancellationScope.nonCancellable(() => quiescence(deadlineMs)(run, no, order.jobId, deadlineMs));
    }
  }
  const known = await CancellationScope.nonCancellable(() => evidence(run, no));
  return { ...known, cancelled };
}
