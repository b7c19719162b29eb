import { CancellationScope, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import type { AttemptEvidence, AttemptRef, JobOrder, RunEnding, RunInput } from '../domain/run.ts';
import { begin, finish, giveUp, hostIsQuiet, noteCancel, requeue } from './control.ts';
import { decideRepeat } from './decide-repeat.ts';
import { type AttemptAnswer, perform } from './perform.ts';
import { untilQuiet } from './until-quiet.ts';

/** The life of a job with one host activity. The row decides at begin and finish; this carries it out and waits. */
export async function hostJob(run: RunInput): Promise<string> {
  const { runId } = workflowInfo();
  // One for both ends of the run: each costs the worker some 0.3 ms.
  const shielded = new CancellationScope({ cancellable: false });
  const order = await shielded.run(() => begin(run, runId));
  if (order.verdict === 'not-mine') return 'this run has nothing to do: the job has ended or was started anew';
  setCurrentDetails(order.title);
  const cancelNoted = order.cancelAsked ? () => Promise.resolve() : noteCancelWhenItComes(run, runId);
  const { ending, attempts } = await attempt(run, runId, order);
  await cancelNoted();
  if (ending === 'nobody-there') {
    const waits = await shielded.run(() => requeue(run, runId));
    return waits
      ? 'nobody took the attempt up: the job waits to be started anew'
      : shielded.run(() => conclude(run, runId, { how: 'cancelled' }, attempts));
  }
  return shielded.run(() => conclude(run, runId, ending, attempts));
}

async function conclude(run: RunInput, runId: string, ending: RunEnding, attempts: number): Promise<string> {
  const mine = await finish(run, runId, ending, attempts);
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

/** What was tried so far. */
interface Tally {
  /** Of all runs of the job. */
  attempts: number;
  /** Those that may have touched the world. */
  claimed: number;
  /** Numbers that this run has given to its attempts; looking whether the host is quiet takes one too. */
  numbers: number;
}

/** Attempts until one of them is the end. What an earlier run left is settled first, like an attempt of our own that was lost. */
async function attempt(run: RunInput, runId: string, order: JobOrder): Promise<End> {
  const { leftBehind } = order;
  const tally: Tally = { attempts: leftBehind?.attempts ?? 0, claimed: leftBehind?.claimedAttempts ?? 0, numbers: 0 };
  const lookInto = (lost: AttemptRef, answer: AttemptAnswer) => settle(run, runId, order, lost, answer, tally);
  if (leftBehind !== null) {
    const end = await lookInto(leftBehind, { end: 'lost' });
    if (end !== null) return end;
  } else if (order.cancelAsked) return { ending: { how: 'cancelled' }, attempts: 0 };
  for (;;) {
    const no = ++tally.numbers;
    const answer = await perform(run, order, no);
    if (answer.end === 'never-started') return { ending: 'nobody-there', attempts: tally.attempts };
    tally.attempts++;
    const end = directEnd(answer, tally.attempts) ?? (await lookInto({ runNo: run.runNo, attempt: no }, answer));
    if (end !== null) return end;
  }
}

/** An answer counts at once. */
function directEnd(answer: AttemptAnswer, attempts: number): End | null {
  if (answer.end === 'answered') return { ending: { how: 'answered', outcome: answer.outcome }, attempts };
  if (answer.end === 'cancelled') return { ending: { how: 'cancelled' }, attempts };
  return null;
}

/** What was lost is looked into: null when it has to be done again, at once. */
async function settle(
  run: RunInput,
  runId: string,
  order: JobOrder,
  lost: AttemptRef,
  answer: AttemptAnswer,
  tally: Tally,
): Promise<End | null> {
  // Whoever cancels now is heard at the end of it: the keys must not be given back before the host is quiet.
  const known = await CancellationScope.nonCancellable(() => lookInto(run, runId, order, lost, tally));
  const { attempts } = tally;
  if (known.outcome !== null) return { ending: { how: 'answered', outcome: known.outcome }, attempts };
  if (answer.end === 'too-long') return { ending: { how: 'timed-out' }, attempts };
  // Those of earlier runs are counted already.
  if (lost.runNo === run.runNo && known.claimed) tally.claimed++;
  const next = decideRepeat({
    repeat: order.repeat,
    end: answer.end === 'threw' ? 'threw' : 'lost',
    claimed: known.claimed,
    attempts,
    claimedAttempts: tally.claimed,
    cancelAsked: known.cancelAsked || CancellationScope.current().consideredCancelled,
  });
  // It would hold its keys for the 30 s in which nobody takes it up.
  if (next === 'again') return known.hostAway === true ? { ending: 'nobody-there', attempts } : null;
  if (next === 'unknown' || next === 'cancelled') return { ending: { how: next }, attempts };
  return { ending: answer.end === 'threw' ? { how: 'threw', code: answer.code } : { how: 'lost' }, attempts };
}

/** The attempt's own answer is missing: gives it up, waits until the host is quiet, then sees what its last report said. */
async function lookInto(
  run: RunInput,
  runId: string,
  order: JobOrder,
  lost: AttemptRef,
  tally: Tally,
): Promise<AttemptEvidence> {
  const given = await giveUp(run, runId, lost);
  if (given.verifyUntilMs === null) return given;
  setCurrentDetails(
    `${order.title}\n\nAttempt ${lost.attempt} gave no answer: the host is asked whether anything of it runs.`,
  );
  await untilQuiet(run, order, given.verifyUntilMs, () => ++tally.numbers);
  const known = await hostIsQuiet(run, runId, lost);
  setCurrentDetails(order.title);
  return known;
}
