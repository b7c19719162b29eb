import { transition } from '../../domain/jobs/job-state.ts';
import { common } from '../../kinds/core/conclude.ts';
import type { Clock } from '../../lib/clock.ts';
import { newUuid, type RandomBytes } from '../../lib/ids.ts';
import { lockOrganization } from '../core/lock-organization.ts';
import type { Tx } from '../core/transaction.ts';
import { endJob } from './end-job.ts';
import { type CommitterClaim, releaseAndGrant } from './grant.ts';
import { readJob } from './job-row.ts';
import type { StartOrder } from './start-orders.ts';

/** Ends a job that waited past its queue deadline; one that was granted meanwhile is left alone. */
export async function timeOutWaiting(
  tx: Tx,
  jobId: string,
  parts: { claim: CommitterClaim; clock: Clock; random: RandomBytes },
): Promise<StartOrder[]> {
  await lockOrganization(tx);
  const job = await readJob(tx, jobId);
  if (job === null || job.state !== 'waiting' || transition(job.state, 'queue-deadline') === null) return [];
  await endJob(tx, {
    orgId: tx.orgId,
    jobId,
    title: job.title,
    requestId: job.requestId,
    conclusion: common('queue-deadline'),
    failures: [],
    failureCount: 0,
    attempts: 0,
    actor: { kind: 'system', id: null, label: 'sweep' },
    auditId: newUuid(parts.clock, parts.random),
    now: parts.claim.now,
  });
  return await releaseAndGrant(tx, jobId, parts.claim);
}
