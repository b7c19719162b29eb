import type { AttemptEvidence, BeginAnswer, RunEnding, RunInput } from '../domain/run.ts';

/** What the control plane does for a run. Types only: implemented in activities/control. */
export interface ControlActivities {
  begin(input: RunInput, runId: string): Promise<BeginAnswer>;
  /** Temporal told the run that it is cancelled: writes down who did it, unless the row knows of a cancel already. */
  noteCancel(input: RunInput, runId: string): Promise<void>;
  /** False when the row belongs to another run. */
  finish(input: RunInput, runId: string, ending: RunEnding, attempts: number): Promise<boolean>;
  /** True when the job waits again and this run is over; false when it has to be finished. */
  requeue(input: RunInput, runId: string): Promise<boolean>;
  evidence(input: RunInput, attempt: number): Promise<AttemptEvidence>;
  /** Returns when the host is known to run no process of the attempt, at the latest `deadlineMs` from now. */
  quiescence(input: RunInput, attempt: number, jobId: string, deadlineMs: number): Promise<void>;
}
