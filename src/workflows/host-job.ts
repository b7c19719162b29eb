import { ApplicationFailure, CancellationScope, CancelledFailure, workflowInfo } from '@temporalio/workflow';
import type {
  AttemptEvidence,
  AttemptRef,
  GivenUp,
  JobEnding,
  JobOrder,
  RunEnding,
  RunInput,
} from '../domain/jobs/run.ts';
import { begin, finish, giveUp, hostIsQuiet, isDataFault, noteCancel, requeue } from './control.ts';
import { decideRepeat } from './decide-repeat.ts';
import { type AttemptAnswer, perform } from './perform.ts';
import { showNow, showState, timeNow, timeOf } from './show.ts';
import { stopsByMs, untilQuiet } from './until-quiet.ts';

/** The life of a job with one host activity. The row decides at begin and finish; this carries it out and waits. */
export async function hostJob(run: RunInput): Promise<string> {
  const { runId } = workflowInfo();
  // One for both ends of the run: each costs the worker some 0.3 ms.
  const shielded = new CancellationScope({ cancellable: false });
  try {
    return await carryOut(run, runId, shielded);
  } catch (thrown) {
    if (!isDataFault(thrown)) throw thrown;
    const end = await shielded.run(() => finish(run, runId, { how: 'threw', code: 'agent-fault' }, 0));
    return end === null ? notMine('the job belongs to another run') : endAs(end, null);
  }
}

async function carryOut(run: RunInput, runId: string, shielded: CancellationScope): Promise<string> {
  showNow(null, 'Reads its row. While PostgreSQL is away it waits for it.');
  const order = await shielded.run(() => begin(run, runId));
  if (order.verdict === 'not-mine') return notMine('this run has nothing to do: the job has ended or was started anew');
  const cancelNoted = noteCancelWhenItComes(run, runId, order);
  const { ending, attempts } = await attempt(run, runId, order);
  await cancelNoted();
  if (ending === 'nobody-there') {
    if (await shielded.run(() => requeue(run, runId))) {
      showState('waiting');
      return 'nobody took the attempt up: the job waits to be started anew';
    }
  }
  const how: RunEnding = ending === 'nobody-there' ? { how: 'cancelled' } : ending;
  showNow(order.title, 'Writes down how it ended. While PostgreSQL is away it waits for it.');
  const end = await shielded.run(() => finish(run, runId, how, attempts));
  return end === null ? notMine('the job belongs to another run') : endAs(end, order.title);
}

/** The row has decided how the job ended; the run ends likewise, so that Temporal's lists and counts show it (ADR 023). */
function endAs({ state, code, sentence, next }: JobEnding, title: string | null): string {
  showState(state);
  showNow(title, `Ended: ${state} (${code}). ${sentence} ${next}`.trim());
  if (state === 'succeeded' || state === 'partial') return sentence;
  if (state !== 'cancelled') throw ApplicationFailure.nonRetryable(sentence, code);
  // Temporal lets a run end so only when it was asked to; a job may be cancelled without its run being told.
  if (CancellationScope.current().consideredCancelled) throw new CancelledFailure(sentence);
  return sentence;
}

function notMine(why: string): string {
  showState(null);
  showNow(null, why);
  return why;
}

/** A cancel by a person in Temporal is shown while the attempt is still being stopped. The answer waits for the note. */
function noteCancelWhenItComes(run: RunInput, runId: string, order: JobOrder): () => Promise<void> {
  let noted = Promise.resolve();
  if (order.cancelAsked) showState('cancelling');
  else
    CancellationScope.current().cancelRequested.catch(() => {
      const { signal, graceMs } = order.stop;
      showState('cancelling');
      showNow(
        order.title,
        `A cancel came at ${timeNow()}. What runs on the host gets ${signal}, after ${graceMs / 1000} s SIGKILL; the run waits for its last words.`,
      );
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
    showNow(order.title, attemptWords(order, no));
    const answer = await perform(run, order, no);
    if (answer.end === 'never-started') return { ending: 'nobody-there', attempts: tally.attempts };
    tally.attempts++;
    const end = directEnd(answer, tally.attempts) ?? (await lookInto({ runNo: run.runNo, attempt: no }, answer));
    if (end !== null) return end;
  }
}

/** Whether it was taken up stands beside it, under "Pending Activities". */
function attemptWords({ taskQueue, scheduleToStartMs }: JobOrder, no: number): string {
  return `Attempt ${no} waits on the queue ${taskQueue} since ${timeNow()}, then runs. If nobody takes it up within ${scheduleToStartMs / 1000} s the job waits again.`;
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
  const what = `Attempt ${lost.attempt} of run ${lost.runNo} gave no answer.`;
  showNow(order.title, `${what} Looks for what is known of it.`);
  const given = await giveUp(run, runId, lost).catch(
    unlessKnown<GivenUp>({ ...CAUTIOUS, verifyUntilMs: stopsByMs(order) }),
  );
  if (given.verifyUntilMs === null) return given;
  showNow(
    order.title,
    `${what} The host is asked whether anything of it runs there; by ${timeOf(given.verifyUntilMs)} it has stopped by itself. Till then the job keeps its keys.`,
  );
  await untilQuiet(run, order, given.verifyUntilMs, () => ++tally.numbers);
  return hostIsQuiet(run, runId, lost).catch(unlessKnown<AttemptEvidence>(CAUTIOUS));
}

/** What is assumed of an attempt when the rows cannot say: it may have touched the world, and its host is waited for. */
const CAUTIOUS = { claimed: true, outcome: null, cancelAsked: false };
const unlessKnown =
  <Known>(assumed: Known) =>
  (thrown: unknown): Known => {
    if (!isDataFault(thrown)) throw thrown;
    return assumed;
  };
