import { sql } from 'kysely';
import type { AttemptResult } from '../../domain/outcome.ts';
import type { AttemptEvidence, LeftBehind, RunInput } from '../../domain/run.ts';
import type { Tx } from '../doors.ts';

/** What we know of an attempt whose own answer is missing. */
export async function attemptEvidence(tx: Tx, input: RunInput, attempt: number): Promise<AttemptEvidence> {
  const found = await sql<{ claimed: boolean; result: AttemptResult | null }>`
    select claimed_at is not null as claimed, result from attempt
     where org_id = ${input.orgId} and job_id = ${input.jobId} and run_no = ${input.runNo} and attempt_no = ${attempt}`.execute(
    tx.sql,
  );
  const row = found.rows[0];
  return { claimed: row?.claimed ?? false, outcome: row?.result?.outcome ?? null };
}

/** The last attempt of the job's earlier runs, and how many there were; null when none of them got as far as a host. */
export async function leftBehind(tx: Tx, input: RunInput): Promise<LeftBehind | null> {
  const found = await sql<LeftBehind>`
    select run_no as "runNo", attempt_no as attempt, (count(*) over ())::int as attempts,
           (count(claimed_at) over ())::int as "claimedAttempts"
      from attempt where org_id = ${input.orgId} and job_id = ${input.jobId} and run_no < ${input.runNo}
     order by run_no desc, attempt_no desc limit 1`.execute(tx.sql);
  return found.rows[0] ?? null;
}

/**
 * Is the host known to run no process of this attempt: it was never claimed, or the agent came back since (its programs
 * died with it), or its last beat came after the claim and did not name the job.
 */
export async function attemptIsQuiet(tx: Tx, input: RunInput, attempt: number, jobPublicId: string): Promise<boolean> {
  const found = await sql<{ quiet: boolean }>`
    select a.claimed_at is null or h.epoch > a.epoch
        or (h.present and h.last_seen_at > a.claimed_at + interval '15 s' and not h.running_jobs ? ${jobPublicId}) as quiet
      from attempt a join host h on h.org_id = a.org_id and h.id = a.host_id
     where a.org_id = ${input.orgId} and a.job_id = ${input.jobId} and a.run_no = ${input.runNo} and a.attempt_no = ${attempt}`.execute(
    tx.sql,
  );
  return found.rows[0]?.quiet ?? true;
}
