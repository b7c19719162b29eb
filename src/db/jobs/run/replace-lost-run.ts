import { sql } from 'kysely';
import { transition } from '../../../domain/jobs/job-state.ts';
import { type ByHand, type LostHow, reasonOf } from '../../../domain/jobs/lost-run.ts';
import type { Clock } from '../../../lib/clock.ts';
import { newUuid, type RandomBytes } from '../../../lib/ids.ts';
import { lockOrganization } from '../../core/lock-organization.ts';
import type { Tx } from '../../core/transaction.ts';
import type { CommitterClaim } from '../grant.ts';
import { readJob } from '../job-row.ts';
import { markCancelling } from '../mark-cancelling.ts';
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

export interface ReplaceParts {
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly claim: CommitterClaim;
}

/**
 * Gives the job another run in place of the lost one. It keeps its keys: the new run settles first what the lost one left
 * on the host, and then ends the job or does it again. Nothing happens when the row has gone on since it was looked at,
 * so repeating it is harmless.
 */
export async function replaceLostRun(tx: Tx, lost: LostRun, parts: ReplaceParts): Promise<StartOrder[]> {
  const { orgId, jobId } = lost;
  const { claim } = parts;
  await lockOrganization(tx);
  const job = await readJob(tx, jobId);
  if (job === null || job.runNo !== lost.runNo || job.runId !== lost.runId) return [];
  const auditId = () => newUuid(parts.clock, parts.random);
  let { state } = job;
  if (lost.how === 'stopped' && state !== 'cancelling' && transition(state, 'cancel-asked')?.state === 'cancelling') {
    const reason = reasonOf('terminated', lost.by);
    await markCancelling(tx, { orgId, jobId, title: job.title, reason, auditId: auditId(), now: claim.now });
    state = 'cancelling';
  }
  const next = transition(state, 'run-lost');
  if (next === null) return [];
  await tx.run(sql`
    with gone as (delete from outbox where org_id = ${orgId} and job_id = ${jobId}),
    j as (update job set state = ${next.state}, run_no = run_no + 1, run_id = null, version = version + 1
           where org_id = ${orgId} and id = ${jobId} returning run_no, version),
    o as (insert into outbox(org_id, job_id, kind, run_no, due_at, claimed_until, claim_token, created_at)
      select ${orgId}, ${jobId}, 'start', run_no, ${claim.now}::timestamptz, ${claim.until}::timestamptz, ${claim.token}, ${claim.now}::timestamptz from j),
    a as (insert into audit_event(org_id, id, at, actor_kind, actor_label, action, object_kind, object_id, object_label, outcome, data)
      values (${orgId}, ${auditId()}, ${claim.now}::timestamptz, 'system', 'sweep', 'job.run-lost', 'job', ${jobId}, ${job.title}, 'ok',
        jsonb_build_object('runNo', ${lost.runNo}::int, 'how', ${lost.how}::text)))
    insert into event(org_id, topic, subject_id, data, at)
      select ${orgId}, 'job.changed', ${jobId}, jsonb_build_object('state', ${next.state}::text, 'version', version), ${claim.now}::timestamptz from j`);
  return await loadStartOrders(tx, [jobId]);
}
