import { sql } from 'kysely';
import { isTerminal } from '../../../domain/jobs/job-state.ts';
import type { Outcome } from '../../../domain/jobs/outcome.ts';
import {
  type AttemptEvidence,
  type AttemptRef,
  type GivenUp,
  isCurrentRun,
  type RunInput,
} from '../../../domain/jobs/run.ts';
import { stopsByMs } from '../../../domain/jobs/self-stop.ts';
import { lockOrganization } from '../../core/lock-organization.ts';
import type { Tx } from '../../core/transaction.ts';
import { type JobRow, readJob } from '../job-row.ts';
import { moveJobs } from '../move-jobs.ts';

const NOTHING: GivenUp = { claimed: false, outcome: null, cancelAsked: false, verifyUntilMs: null };

/**
 * The run stops waiting for the answer of an attempt. From here on it may not claim any more, so what is known of it now
 * stays true: an attempt that neither claimed nor was reported runs nothing. For any other the job keeps its keys and says
 * that its host is being verified. Repeating it is harmless.
 */
export async function giveUpAttempt(tx: Tx, input: RunInput, runId: string, lost: AttemptRef): Promise<GivenUp> {
  const { orgId, jobId } = input;
  const { now } = tx;
  const job = await readOwnJob(tx, input, runId);
  if (job === null || job.hostId === null) return NOTHING;
  // A claim holds the row until it is written down; one that comes after this finds the attempt given up.
  await tx.run(sql`select 1 from job where org_id = ${orgId} and id = ${jobId} for update`);
  const given = await tx.first(sql<{ claimed: boolean; outcome: Outcome | null; seen: Date | null; hostAway: boolean }>`
    with h as (select epoch, last_seen_at, ${isAway(now)} as away from host where org_id = ${orgId} and id = ${job.hostId}),
    g as (insert into attempt as a(org_id, id, job_id, run_no, attempt_no, host_id, epoch, activity, first_seen_at, given_up_at)
      select ${orgId}, ${tx.newId()}, ${jobId}, ${lost.runNo}, ${lost.attempt}, ${job.hostId}, h.epoch, ${tx.registry.kinds.byKey(job.kind)!.activity},
        ${now}::timestamptz, ${now}::timestamptz from h
      on conflict (org_id, job_id, run_no, attempt_no) do update set given_up_at = coalesce(a.given_up_at, excluded.given_up_at)
      returning a.claimed_at is not null as claimed, a.result -> 'outcome' as outcome)
    select g.*, h.last_seen_at as seen, h.away as "hostAway" from g, h`);
  const { claimed, outcome, seen, hostAway } = given!;
  const known = { claimed, outcome, cancelAsked: job.state === 'cancelling', hostAway };
  // Its last report is made after its programs have ended.
  if (!claimed || outcome !== null) return { ...known, verifyUntilMs: null };
  const until = stopsByMs(tx.registry.kinds.byKey(job.kind)!, seen && new Date(seen).getTime(), now.getTime());
  const set = { reason: 'verifying_host', verifying_until: new Date(until) };
  await moveJobs(tx, { ids: [job.id], state: job.state }, 'host-asked', { set });
  return { ...known, verifyUntilMs: until };
}

/** The host is quiet: what the attempt's last report says, which may have come meanwhile. The job does not wait for its host any more. */
export async function hostIsQuiet(tx: Tx, input: RunInput, runId: string, lost: AttemptRef): Promise<AttemptEvidence> {
  const { orgId, jobId } = input;
  const job = await readOwnJob(tx, input, runId);
  if (job === null) return NOTHING;
  const found = await tx.first(sql<{ claimed: boolean; outcome: Outcome | null; hostAway: boolean }>`
    select a.claimed_at is not null as claimed, a.result -> 'outcome' as outcome, ${isAway(tx.now)} as "hostAway"
      from attempt a join host h on h.org_id = a.org_id and h.id = a.host_id
     where a.org_id = ${orgId} and a.job_id = ${jobId} and a.run_no = ${lost.runNo} and a.attempt_no = ${lost.attempt}`);
  if (job.reason === 'verifying_host')
    await moveJobs(tx, { ids: [job.id], state: job.state }, 'host-quiet', {
      set: { reason: null, verifying_until: null },
    });
  const known = found ?? { claimed: false, outcome: null, hostAway: false };
  return { ...known, cancelAsked: job.state === 'cancelling' };
}

/** One that has just come back has a lease, and counts as there within a second. */
const isAway = (now: Date) => sql`not present and coalesce(lease_until < ${now}::timestamptz, true)`;

/** What this run of the job may still say something about. */
async function readOwnJob(tx: Tx, input: RunInput, runId: string): Promise<JobRow | null> {
  await lockOrganization(tx);
  const job = await readJob(tx, input.jobId);
  return job === null || isTerminal(job.state) || !isCurrentRun(job, { ...input, runId }) ? null : job;
}
