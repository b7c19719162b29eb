import { sql } from 'kysely';
import type { Actor } from '../../domain/core/actor.ts';
import { isTerminal, type JobState, transition } from '../../domain/jobs/job-state.ts';
import { common } from '../../kinds/core/conclude.ts';
import type { Clock } from '../../lib/clock.ts';
import { Failure } from '../../lib/failure.ts';
import { newUuid, publicId, type RandomBytes } from '../../lib/ids.ts';
import { lockOrganization } from '../core/lock-organization.ts';
import type { Tx } from '../core/transaction.ts';
import { endJob } from './end-job.ts';
import { type CommitterClaim, releaseAndGrant } from './grant.ts';
import { readJob } from './job-row.ts';
import type { StartOrder } from './start-orders.ts';

export interface CancelParts {
  readonly actor: Actor;
  readonly reason: string | null;
  readonly requestId: string;
  readonly claim: CommitterClaim;
  readonly clock: Clock;
  readonly random: RandomBytes;
}

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
export async function requestCancel(tx: Tx, jobId: string, parts: CancelParts): Promise<CancelAnswer | Failure> {
  await lockOrganization(tx);
  const job = await readJob(tx, jobId);
  if (job === null) return new Failure('not-found', 'There is no such job.', { fault: 'caller' });
  const unbegun = job.state === 'queued' && !(await wasAttempted(tx, jobId));
  const next = transition(job.state, unbegun ? 'cancel-asked-unbegun' : 'cancel-asked');
  if (next === null)
    return new Failure('job-already-finished', `The job has ended as ${job.state}.`, {
      fault: 'caller',
      extra: { jobId: publicId('job', jobId) },
    });
  if (next.state === job.state) return { state: job.state, tell: null, starts: [] };
  const { claim, actor, reason } = parts;
  await tx.run(sql`update job set cancel_requested_at = ${claim.now}::timestamptz, cancel_actor = ${actor.label}, cancel_reason = ${reason}
    where org_id = ${tx.orgId} and id = ${jobId}`);
  const auditId = newUuid(parts.clock, parts.random);
  if (isTerminal(next.state)) {
    const conclusion = common('cancelled-before-start');
    const { title } = job;
    const about = {
      orgId: tx.orgId,
      jobId,
      title,
      requestId: parts.requestId,
      conclusion,
      failures: [],
      failureCount: 0,
    };
    await endJob(tx, { ...about, attempts: 0, actor, auditId, now: claim.now });
    return { state: next.state, tell: null, starts: await releaseAndGrant(tx, jobId, claim) };
  }
  await tx.run(sql`
    with j as (update job set state = ${next.state}, version = version + 1 where org_id = ${tx.orgId} and id = ${jobId} returning version),
    o as (insert into outbox(org_id, job_id, kind, run_no, due_at, claimed_until, claim_token, created_at)
      values (${tx.orgId}, ${jobId}, 'cancel', ${job.runNo}, ${claim.now}::timestamptz, ${claim.until}::timestamptz, ${claim.token}, ${claim.now}::timestamptz)),
    a as (insert into audit_event(org_id, id, at, actor_kind, actor_id, actor_label, action, object_kind, object_id, object_label, outcome, request_id, data)
      values (${tx.orgId}, ${auditId}, ${claim.now}::timestamptz, ${actor.kind}, ${actor.id}, ${actor.label}, 'job.cancel', 'job', ${jobId},
        ${job.title}, 'ok', ${parts.requestId}, jsonb_build_object('reason', ${reason}::text)))
    insert into event(org_id, topic, subject_id, data, at)
      select ${tx.orgId}, 'job.changed', ${jobId}, jsonb_build_object('state', ${next.state}::text, 'version', version), ${claim.now}::timestamptz from j`);
  return { state: next.state, tell: { jobId, runNo: job.runNo }, starts: [] };
}

async function wasAttempted(tx: Tx, jobId: string): Promise<boolean> {
  const found = await tx.rows(sql`select 1 from attempt where org_id = ${tx.orgId} and job_id = ${jobId} limit 1`);
  return found.length > 0;
}
