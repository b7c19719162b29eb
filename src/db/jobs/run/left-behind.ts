import { sql } from 'kysely';
import type { LeftBehind, RunInput } from '../../../domain/jobs/run.ts';
import type { Tx } from '../../core/transaction.ts';

/** The last attempt of the job's earlier runs, and how many there were; null when none of them got as far as a host. */
export async function leftBehind(tx: Tx, input: RunInput): Promise<LeftBehind | null> {
  const found = await tx.first(sql<LeftBehind>`
    select run_no as "runNo", attempt_no as attempt, (count(*) over ())::int as attempts,
           (count(claimed_at) over ())::int as "claimedAttempts"
      from attempt where org_id = ${input.orgId} and job_id = ${input.jobId} and run_no < ${input.runNo} and class = 'work'
     order by run_no desc, attempt_no desc limit 1`);
  return found ?? null;
}
