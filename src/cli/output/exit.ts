/** What the exit code of the command line says. They stand in `holdfast --help` and never change. */
export const EXIT = {
  ok: 0,
  jobFailed: 1,
  usage: 2,
  unreachable: 3,
  partial: 4,
  cancelled: 5,
  timedOut: 6,
  unknown: 7,
  notCancelled: 8,
  output: 9,
  detached: 130,
} as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_HELP = `
Exit codes:
  0  done; with --wait or --follow: the job succeeded
  1  the job failed
  2  the command or its input is not right, or what it names does not exist
  3  the API cannot be reached, cannot serve, or refuses the key
  4  the job ended in part: something that it should have saved was not, perhaps all
  5  the job was cancelled
  6  the job timed out
  7  nobody can say how the job ended
  8  jobs cancel: the job was not cancelled, it ended otherwise
  9  what was to be printed or written could not be, for example because the disk is full
  130  Ctrl-C ended the watching; the job goes on`;

const BY_STATE: Readonly<Record<string, ExitCode>> = {
  succeeded: EXIT.ok,
  partial: EXIT.partial,
  failed: EXIT.jobFailed,
  cancelled: EXIT.cancelled,
  timed_out: EXIT.timedOut,
  unknown: EXIT.unknown,
};

/** The code of a job's last state, or null while it has not ended. */
export const exitOfState = (state: string): ExitCode | null => BY_STATE[state] ?? null;

/** What the API said of a refusal, as far as somebody reads it. */
export interface ReceivedProblem {
  readonly title?: string;
  readonly detail?: string;
  readonly code?: string;
  readonly jobId?: string;
}

/** A message for the person, and how the command ends. No stack is shown. */
export class CliError extends Error {
  readonly exitCode: ExitCode;
  /** The same may go well in a moment: the API is away or cannot serve. */
  readonly mayPass: boolean;
  /** Of the API, when it was asked. */
  readonly problem: ReceivedProblem;

  constructor(exitCode: ExitCode, message: string, options: { mayPass?: boolean; problem?: ReceivedProblem } = {}) {
    super(message);
    this.exitCode = exitCode;
    this.mayPass = options.mayPass === true;
    this.problem = options.problem ?? {};
  }
}
