import type { ClaimAnswer, HostActivityInput, LogLine, Progress } from '../../domain/jobs/agent-protocol.ts';
import type { AttemptResult } from '../../domain/jobs/outcome.ts';
import type { ProgramEnd, ProgramSpec } from '../programs/run-program.ts';

export type LineHandler = (stream: 'out' | 'err', line: string, cut: boolean) => void;

/** What the body of a host activity can do. Everything else of the world it does through programs. */
export interface AttemptContext {
  readonly input: HostActivityInput;
  /** Aborts when the attempt has to stop: cancelled, timed out, cut off, or the agent shuts down. */
  readonly signal: AbortSignal;
  /** From here on the attempt may touch the world. The secrets are masked in everything that leaves the host. */
  claim(): Promise<ClaimAnswer>;
  /** Runs a program to its end under the kind's stop protocol; `until` stops it too. Never throws because of a stop: look at the answer. */
  run(program: ProgramSpec, onLine: LineHandler, until?: AbortSignal): Promise<ProgramEnd>;
  /** Like `run`, but goes on when the attempt is stopped, for at most `limitMs`: to clean up after a killed program. */
  cleanUp(program: ProgramSpec, onLine: LineHandler, limitMs: number): Promise<ProgramEnd>;
  log(text: string, stream?: LogLine[1]): void;
  /** Settles when the log has room: for bodies that write many lines without a program. */
  logRoom(): Promise<void>;
  progress(progress: Progress): void;
  /** Why it does not move, shown beside the progress with the time it was first said; null when it goes on. */
  note(text: string | null): void;
  now(): Date;
}

/** Throws the signal's reason to say that it was stopped before it was done; any other throw is a fault of ours. */
export type AttemptBody = (context: AttemptContext) => Promise<AttemptResult>;
