import type { HostActivityInput, Progress } from '../../domain/jobs/agent-protocol.ts';
import type { AttemptResult, Outcome } from '../../domain/jobs/outcome.ts';
import type { ProgramStop } from '../../kinds/core/define-kind.ts';
import type { Clock } from '../../lib/clock.ts';
import { asError, Failure } from '../../lib/failure.ts';
import { LOG_BOUNDS, LOG_SENDER_TIMES, type LogSenderTimes } from '../log/log-limits.ts';
import { LogSender } from '../log/log-sender.ts';
import { findEscapedOrphans, marksOf, stopOrphans } from '../programs/orphans.ts';
import { type ProgramSpec, runProgram } from '../programs/run-program.ts';
import type { AttemptBody, AttemptContext, LineHandler } from './attempt-context.ts';
import type { AttemptLink } from './attempt-link.ts';

export interface AttemptDeps {
  readonly clock: Clock;
  /** By it an agent knows its own programs among those of others (see orphans.ts). */
  readonly agentMark: string;
  /** Path of `setpriv`, or null (see parent-death-signal.ts). */
  readonly setpriv: string | null;
  readonly logTimes?: LogSenderTimes;
  /** Bytes that one attempt may log; what comes beyond is dropped and counted. */
  readonly logBytes?: number;
}

/** What Temporal would give: kept apart, so that an attempt can be tested without it. */
interface AttemptHost {
  readonly signal: AbortSignal;
  heartbeat(): void;
}

/** An attempt threw for a reason that is ours. Carries the code only: the text is in the job log. */
export class AttemptFault extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.name = 'AttemptFault';
    this.code = code;
  }
}

const HEARTBEAT_MS = 15_000;
const CLEAN_UP_GRACE_MS = 2_000;
/** Room for a JSON line of restic that names two long paths; the log cuts at 16 KiB by itself. */
const MAX_PROGRAM_LINE_BYTES = 1024 * 1024;
const MAX_FAILURES = 100;
const MAX_ITEM_BYTES = 1_024;
const MAX_MESSAGE_BYTES = 512;
const MAX_NOTE_BYTES = 400;
/** How a body says that it does not carry out what was ordered; an outcome of every kind. */
export const WORK_REFUSED = 'work-refused';

/** Runs a body to its outcome: beats, log, claim, stop. Throws the signal's reason, or an AttemptFault. */
export async function performAttempt(
  body: AttemptBody,
  stop: ProgramStop,
  input: HostActivityInput,
  link: AttemptLink,
  host: AttemptHost,
  deps: AttemptDeps,
): Promise<Outcome> {
  const bounds = { ...LOG_BOUNDS, attemptBytes: deps.logBytes ?? LOG_BOUNDS.attemptBytes };
  const log = new LogSender(link, deps.clock, deps.logTimes ?? LOG_SENDER_TIMES, bounds);
  host.heartbeat();
  const beats = setInterval(() => host.heartbeat(), HEARTBEAT_MS);
  try {
    const context = contextOf(stop, input, link, host, deps, log);
    const result = presentable(await body(context).catch(refusalOf), log);
    // A log is never empty: a reader must be able to tell "said nothing" from "was lost".
    log.line('sys', `The attempt ended: ${result.outcome.code}`);
    await log.close(result);
    return result.outcome;
  } catch (thrown) {
    log.line('sys', host.signal.aborted ? 'The attempt was stopped.' : `The attempt failed: ${explain(thrown)}`);
    await log.close(null);
    // Whatever the stop made the body throw (an AbortError, a broken pipe): the reason of the stop is the truth.
    if (host.signal.aborted) throw host.signal.reason;
    throw new AttemptFault(thrown instanceof Failure ? thrown.code : 'internal');
  } finally {
    clearInterval(beats);
  }
}

function contextOf(
  stop: ProgramStop,
  input: HostActivityInput,
  link: AttemptLink,
  { signal }: AttemptHost,
  deps: AttemptDeps,
  log: LogSender,
): AttemptContext {
  const start = async (program: ProgramSpec, onLine: LineHandler, until: AbortSignal, graceMs: number) => {
    const end = await runProgram(
      { ...program, env: { ...program.env, ...marksOf(deps.agentMark, input, stop) } },
      {
        signal: until,
        stop: { signal: stop.signal, graceMs },
        maxLineBytes: MAX_PROGRAM_LINE_BYTES,
        setpriv: deps.setpriv,
        onLine: (stream, line, cut) => {
          onLine(stream, line, cut);
          return log.room();
        },
      },
    );
    await endEscaped(input, deps, log);
    return end;
  };
  return {
    input,
    signal,
    claim: async () => {
      const answer = await link.claim();
      log.hide(Object.values(answer.secrets));
      return answer;
    },
    run: (program, onLine, until) =>
      start(program, onLine, until === undefined ? signal : AbortSignal.any([signal, until]), stop.graceMs),
    cleanUp: (program, onLine, limitMs) => start(program, onLine, AbortSignal.timeout(limitMs), CLEAN_UP_GRACE_MS),
    log: (text, stream = 'sys') => log.line(stream, text),
    logRoom: async () => log.room(),
    ...progressOf(log, deps.clock),
    now: () => deps.clock.now(),
  };
}

const NO_PROGRESS: Progress = {
  fraction: null,
  bytesDone: 0,
  bytesTotal: 0,
  filesDone: 0,
  filesTotal: 0,
  current: null,
  ratePerSecond: null,
  etaSeconds: null,
};

/** Progress and note travel as one: each new one of them brings the other as it was. */
function progressOf(log: LogSender, clock: Clock): Pick<AttemptContext, 'progress' | 'note'> {
  let last = NO_PROGRESS;
  let noted: Pick<Progress, 'note' | 'noteAt'> = {};
  return {
    progress(progress) {
      last = progress;
      log.progress({ ...last, ...noted });
    },
    note(text) {
      const note = text === null ? null : log.clean(text, MAX_NOTE_BYTES);
      if (note === (noted.note ?? null)) return;
      noted = { note, noteAt: note === null ? null : clock.now().toISOString() };
      log.progress({ ...last, ...noted });
    },
  };
}

/** A child that made itself a daemon is not in the program's group: the job is over when nothing of it runs. */
async function endEscaped(input: HostActivityInput, { agentMark }: AttemptDeps, log: LogSender): Promise<void> {
  try {
    const { found } = await stopOrphans(() => findEscapedOrphans(agentMark, input));
    if (found > 0)
      log.line('sys', `ended ${found} ${found === 1 ? 'process' : 'processes'} that the program had left behind`);
  } catch (thrown) {
    // It hangs in the kernel. What the program itself did is done, and its answer stands.
    log.line('sys', `Something that the program left behind goes on: ${asError(thrown).message}`);
  }
}

/** Bounded and masked: failures hold what programs printed. */
function presentable(result: AttemptResult, log: LogSender): AttemptResult {
  return {
    ...result,
    failures: result.failures.slice(0, MAX_FAILURES).map((failure) => ({
      code: failure.code,
      item: log.clean(failure.item, MAX_ITEM_BYTES),
      message: log.clean(failure.message, MAX_MESSAGE_BYTES),
    })),
  };
}

/** What stands in the order and must be corrected would be refused in the same way each time: it is an answer, not a fault of ours to be tried again. */
function refusalOf(thrown: unknown): AttemptResult {
  // By the code: a gateway that refuses the claim of a cancelled job is the operator's fault too, and no answer of the host.
  if (!(thrown instanceof Failure) || thrown.code !== WORK_REFUSED) throw thrown;
  const failure = { code: thrown.code, item: 'the order', message: thrown.message };
  return { outcome: { code: thrown.code, counts: {}, refs: {} }, failures: [failure], failureCount: 1 };
}

function explain(thrown: unknown): string {
  if (thrown instanceof Failure) return `${thrown.message} (${thrown.code})`;
  const error = asError(thrown);
  return error.stack ?? error.message;
}
