import { sql } from 'kysely';
import { isTerminal, type JobState, transition } from '../../domain/jobs/job-state.ts';
import { common } from '../../kinds/core/conclude.ts';
import { Failure } from '../../lib/failure.ts';
import { publicId } from '../../lib/ids.ts';
import { lockOrganization } from '../core/lock-organization.ts';
import type { Tx } from '../core/transaction.ts';
import { endJob, NO_RUN } from './end-job.ts';
import { readJob } from './job-row.ts';
import { moveJobs } from './move-jobs.ts';
import type { StartOrder } from './start-orders.ts';

export interface CancelAnswer {
  readonly state: JobState;
  /** The run to be told, to the engine after the commit; null when there is none or it was told before. */
  readonly tell: { readonly jobId: string; readonly runNo: number } | null;
  readonly starts: readonly StartOrder[];
}

/**
 * Actor and reason are written first; only then is the run told. A job that waits, or is queued and was never attempted,
 * ends here and now.
 */
export async function requestCancel(tx: Tx, jobId: string, reason: string | null): Promise<CancelAnswer | Failure> {
  await lockOrganization(tx);
  const job = await readJob(tx, jobId);
  if (job === null) return new Failure('not-found', 'There is no such job.', { fault: 'caller' });
  const unbegun = job.state === 'queued' && !(await wasAttempted(tx, jobId));
  const fact = unbegun ? 'cancel-asked-unbegun' : 'cancel-asked';
  const next = transition(job.state, fact);
  if (next === null)
    return new Failure('job-already-finished', `The job has ended as ${job.state}.`, {
      fault: 'caller',
      extra: { jobId: publicId('job', jobId) },
    });
  if (next.state === job.state) return { state: job.state, tell: null, starts: [] };
  const { actor, requestId } = tx;
  const set = { cancel_requested_at: tx.now, cancel_actor: actor.label, cancel_reason: reason };
  if (isTerminal(next.state)) {
    const end = { ...NO_RUN, conclusion: common('cancelled-before-start'), actor, requestId, set };
    return { state: next.state, tell: null, starts: await endJob(tx, job, fact, end) };
  }
  const audit = { action: 'job.cancel', actor, requestId, data: { reason } };
  await moveJobs(tx, { ids: [jobId], state: job.state }, fact, { set, audit });
  return { state: next.state, tell: { jobId, runNo: job.runNo }, starts: [] };
}

async function wasAttempted(tx: Tx, jobId: string): Promise<boolean> {
  const found = await tx.rows(sql`select 1 from attempt where org_id = ${tx.orgId} and job_id = ${jobId} limit 1`);
  return found.length > 0;
}
