import type { Actor } from '../../domain/core/actor.ts';
import type { Tx } from '../core/transaction.ts';
import type { JobRow } from './job-row.ts';
import { moveJobs } from './move-jobs.ts';

/** A cancel that was made in Temporal itself. */
const TEMPORAL: Actor = { kind: 'temporal', id: null, label: 'temporal' };

/** Writes down that a running job is being cancelled from within Temporal, where nobody has to be told any more. */
export async function markCancelling(tx: Tx, job: JobRow, reason: string): Promise<void> {
  await moveJobs(tx, { ids: [job.id], state: job.state }, 'cancel-seen', {
    set: { cancel_requested_at: tx.now, cancel_actor: TEMPORAL.label, cancel_reason: reason },
    audit: { action: 'job.cancel', actor: TEMPORAL, requestId: null, data: { reason } },
  });
}
