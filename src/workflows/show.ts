import { setCurrentDetails, upsertSearchAttributes } from '@temporalio/workflow';
import type { JobState } from '../domain/jobs/job-state.ts';

// What people see of a run in Temporal. Nothing is decided by it.

/** The run's current details, which Temporal's UI shows under "User Metadata": what it does now and what it waits for. */
export function showNow(title: string | null, now: string): void {
  setCurrentDetails(title === null ? now : `${title}\n\n${now}`);
}

/** The search attribute by which lists find jobs: `JobState = "failed"`. Null when the job is not this run's. */
export function showState(state: JobState | null): void {
  upsertSearchAttributes([{ key: { name: 'JobState', type: 'KEYWORD' }, value: state }]);
}

/** A moment as the lists of Temporal's UI print it. */
export const timeOf = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

export const timeNow = (): string => timeOf(Date.now());
