import { sql } from 'kysely';
import { transition } from '../../../domain/jobs/job-state.ts';
import { NO_HOST, withSite } from '../../../domain/jobs/lock.ts';
import { isCurrentRun, type RunInput } from '../../../domain/jobs/run.ts';
import { lockOrganization } from '../../core/lock-organization.ts';
import type { Tx } from '../../core/transaction.ts';
import { changePresence, releaseAndGrant, tryJobs } from '../grant.ts';
import { readJob } from '../job-row.ts';
import { loadSubjects, subjectsOfJob } from '../load-subjects.ts';
import { moved } from '../move-jobs.ts';
import { loadStartOrders, type StartOrder } from '../start-orders.ts';

export type Requeued =
  | { readonly verdict: 'waiting'; readonly starts: readonly StartOrder[] }
  /** It is being cancelled, has ended, or belongs to another run: finish it instead, or leave it. */
  | { readonly verdict: 'no' };

/**
 * Nobody picked the attempt up: the job goes back to `waiting(host_offline)` at its old place in the queue, holding
 * nothing, and its next start gets another number, so that this run cannot pass for it. A job without a host has none to
 * wait for and asks for its keys again at once.
 */
export async function requeueRun(tx: Tx, input: RunInput, runId: string): Promise<Requeued> {
  const { orgId, jobId } = input;
  await lockOrganization(tx);
  const job = await readJob(tx, jobId);
  if (job === null || !isCurrentRun(job, { ...input, runId })) return { verdict: 'no' };
  if (transition(job.state, 'host-gone')?.state !== 'waiting') return { verdict: 'no' };
  // The host first: with its key given back, the next job of a host that picks nothing up would else be started too.
  const freed = job.hostId === null ? [] : await changePresence(tx, job.hostId, false);
  const starts = await releaseAndGrant(tx, jobId);
  const [subjects] = await loadSubjects(tx, [subjectsOfJob(tx, job)]);
  const keys = withSite(
    tx.registry.kinds.byKey(job.kind)!.keys({ organizationId: orgId, jobId, subjects: subjects! }),
    subjects!.host,
  );
  const atOnce = job.hostId === null;
  const reason = atOnce ? 'lock' : 'host_offline';
  const set = { reason, verifying_until: null, queued_at: null, started_at: null };
  // Not ready until a beat after this: by its old lease the host would be called back within a second.
  await tx.run(sql`
    with k as (select * from jsonb_to_recordset(${JSON.stringify(keys)}::jsonb) as k(key text, mode text)),
    r as (insert into lock_request(org_id, job_id, key, mode, seq, host, ready)
      select ${orgId}, ${jobId}, key, mode::"char", ${job.seq}, ${job.hostId ?? NO_HOST}, ${atOnce} from k),
    h as (update host set lease_until = null where org_id = ${orgId} and id = ${job.hostId}),
    ${moved(tx, { ids: [jobId], state: job.state }, 'host-gone', { set })} select 1`);
  const itself = atOnce ? await tryJobs(tx, [jobId]) : [];
  return { verdict: 'waiting', starts: [...starts, ...(await loadStartOrders(tx, [...freed, ...itself]))] };
}
