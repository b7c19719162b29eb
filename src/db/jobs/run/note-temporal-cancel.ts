import { transition } from '../../../domain/jobs/job-state.ts';
import { isCurrentRun, type RunInput } from '../../../domain/jobs/run.ts';
import { lockOrganization } from '../../core/lock-organization.ts';
import type { Tx } from '../../core/transaction.ts';
import { readJob } from '../job-row.ts';
import { markCancelling } from '../mark-cancelling.ts';

/** Whether this run was cancelled by somebody whom the row does not know: then it was done in Temporal itself. */
export async function isCancelUnknown(tx: Tx, input: RunInput, runId: string): Promise<boolean> {
  const job = await readJob(tx, input.jobId);
  return job !== null && isCurrentRun(job, { ...input, runId }) && job.state === 'running';
}

/** Writes down a cancel that was made in Temporal. Repeating it is harmless, and one of ours that came first is kept. */
export async function noteTemporalCancel(tx: Tx, input: RunInput, runId: string, reason: string): Promise<void> {
  await lockOrganization(tx);
  const job = await readJob(tx, input.jobId);
  if (job === null || !isCurrentRun(job, { ...input, runId })) return;
  if (transition(job.state, 'cancel-seen') !== null) await markCancelling(tx, job, reason);
}
