import type {
  AttemptEvidence,
  AttemptRef,
  BeginAnswer,
  GivenUp,
  JobEnding,
  RunEnding,
  RunInput,
} from '../domain/jobs/run.ts';

/** What the control plane does for a run. Types only: implemented in activities/control. */
export interface ControlActivities {
  begin(input: RunInput, runId: string): Promise<BeginAnswer>;
  /** Temporal told the run that it is cancelled: writes down who did it, unless the row knows of a cancel already. */
  noteCancel(input: RunInput, runId: string): Promise<void>;
  /** How the job ended by it; null when the row belongs to another run. */
  finish(input: RunInput, runId: string, ending: RunEnding, attempts: number): Promise<JobEnding | null>;
  /** True when the job waits again and this run is over; false when it has to be finished. */
  requeue(input: RunInput, runId: string): Promise<boolean>;
  /** Nobody waits for the attempt's own answer any more: fences it off, says what is known of it and until when its host has to be asked. */
  giveUp(input: RunInput, runId: string, lost: AttemptRef): Promise<GivenUp>;
  /** The host runs nothing of the attempt any more. */
  hostIsQuiet(input: RunInput, runId: string, lost: AttemptRef): Promise<AttemptEvidence>;
}
