import { CancellationScope, isCancellation, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import type { JobOrder, RunEnding, RunInput } from '../domain/run.ts';
import { begin, evidence, finish, quiescence, requeue } from './control.ts';
import { decideRepeat } from './decide-repeat.ts';
import { type AttemptAnswer, perform } from './perform.ts';

/** The life of a job with one host activity. The row decides at begin and finish; this carries it out and waits. */
export async function hostJob(run: RunInput): Promise<string> {
  const { runId } = workflowInfo();
  const order = await CancellationScope.nonCancellable(() => begin(run, runId));
  if (order.verdict === 'not-mine') return 'this run has nothing to do: the job has ended or was started anew';
  if (order.verdict === 'cancelled') return conclude(run, runId, { how: 'cancelled' }, 0);
  setCurrentDetails(order.title);
  const { ending, attempts } = await attempt(run, order);
  if (ending === 'nobody-there') {
    const waits = await CancellationScope.nonCancellable(() => requeue(run, runId));
    return waits ? 'the host is away: the job waits for it' : conclude(run, runId, { how: 'cancelled' }, 0);
  }
  return conclude(run, runId, ending, attempts);
}

async function conclude(run: RunInput, runId: string, ending: RunEnding, attempts: number): Promise<string> {
  const mine = await CancellationScope.nonCancellable(() => finish(run, runId, ending, attempts));
  return mine ? ending.how : 'the job belongs to another run';
}

/** Attempts until one of them is the end: an answer counts at once, what was lost is looked into first. */
async function attempt(
  run: RunInput,
  order: JobOrder,
): Promise<{ ending: RunEnding | 'nobody-there'; attempts: number }> {
  let claimedAttempts = 0;
  for (let no = 1; ; no++) {
    const answer = await perform(run, order, no);
    if (answer.end === 'never-started') return { ending: 'nobody-there', attempts: no - 1 };
    if (answer.end === 'answered') return { ending: { how: 'answered', outcome: answer.outcome }, attempts: no };
    if (answer.end === 'cancelled') return { ending: { how: 'cancelled' }, attempts: no };
    if (answer.end === 'too-long') return { ending: { how: 'timed-out' }, attempts: no };
    const known = await lookInto(run, order, answer, no);
    if (known.outcome !== null) return { ending: { how: 'answered', outcome: known.outcome }, attempts: no };
    if (known.cancelled) return { ending: { how: 'cancelled' }, attempts: no };
    if (known.claimed) claimedAttempts++;
    const end = answer.end === 'threw' ? 'threw' : 'lost';
    const next = decideRepeat({ repeat: order.repeat, end, claimed: known.claimed, attempts: no, claimedAttempts });
    if (next === 'again') continue;
    if (next === 'unknown') return { ending: { how: 'unknown' }, attempts: no };
    return { ending: answer.end === 'threw' ? { how: 'threw', code: answer.code } : { how: 'lost' }, attempts: no };
  }
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
