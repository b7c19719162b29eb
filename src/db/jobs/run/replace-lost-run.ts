import { transition } from '../../../domain/jobs/job-state.ts';
import { type ByHand, type LostHow, reasonOf } from '../../../domain/jobs/lost-run.ts';
import { isCurrentRun } from '../../../domain/jobs/run.ts';
import { lockOrganization } from '../../core/lock-organization.ts';
import type { Tx } from '../../core/transaction.ts';
import { readJob } from '../job-row.ts';
import { markCancelling } from '../mark-cancelling.ts';
import { moveJobs } from '../move-jobs.ts';
import { loadStartOrders, type StartOrder } from '../start-orders.ts';

/** A run that nobody carries out any more, as its row was when that was found. Ids are uuids, `runId` is Temporal's. */
export interface LostRun {
  readonly orgId: string;
  readonly jobId: string;
  readonly runNo: number;
  readonly runId: string | null;
  readonly how: LostHow;
  readonly by: ByHand | null;
}

/**
 * Gives the job another run in place of the lost one. It keeps its keys: the new run settles first what the lost one left
 * on the host, and then ends the job or does it again. Nothing happens when the row has gone on since it was looked at,
 * so repeating it is harmless.
 */
export async function replaceLostRun(tx: Tx, lost: LostRun): Promise<StartOrder[]> {
  await lockOrganization(tx);
  const job = await readJob(tx, lost.jobId);
  if (job === null || !isCurrentRun(job, lost)) return [];
  let { state } = job;
  if (lost.how === 'stopped' && transition(state, 'cancel-seen') !== null) {
    await markCancelling(tx, job, reasonOf('terminated', lost.by));
    state = 'cancelling';
  }
  if (transition(state, 'run-lost') === null) return [];
  const { runNo, how } = lost;
  const actor = { kind: 'system', id: null, label: 'sweep' } as const;
  const audit = { action: 'job.run-lost', actor, data: { runNo, how } };
  await moveJobs(tx, { ids: [job.id], state }, 'run-lost', { audit });
  return await loadStartOrders(tx, [job.id]);
}
