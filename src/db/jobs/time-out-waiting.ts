import { transition } from '../../domain/jobs/job-state.ts';
import { common } from '../../kinds/core/conclude.ts';
import { lockOrganization } from '../core/lock-organization.ts';
import type { Tx } from '../core/transaction.ts';
import { endJob, NO_RUN } from './end-job.ts';
import { readJob } from './job-row.ts';
import type { StartOrder } from './start-orders.ts';

/** Ends a job that waited past its queue deadline; one that was granted meanwhile is left alone. */
export async function timeOutWaiting(tx: Tx, jobId: string): Promise<StartOrder[]> {
  await lockOrganization(tx);
  const job = await readJob(tx, jobId);
  if (job === null || transition(job.state, 'queue-deadline') === null) return [];
  const actor = { kind: 'system', id: null, label: 'sweep' } as const;
  const end = { ...NO_RUN, conclusion: common('queue-deadline'), actor, requestId: job.requestId };
  return await endJob(tx, job, 'queue-deadline', end);
}
