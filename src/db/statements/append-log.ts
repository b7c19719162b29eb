import { sql } from 'kysely';
import type { LogLine } from '../../domain/agent-protocol.ts';
import type { Tx } from '../doors.ts';
import type { AttemptIdentity } from './claim-attempt.ts';

/**
 * Appends one chunk of at least one line, if it starts where the last one ended; a repeated or a gapped one is not taken. Answers the sequence
 * that comes next. The day comes from the job, so that a log stays in one partition over midnight.
 */
export async function appendLog(
  tx: Tx,
  who: AttemptIdentity,
  day: string,
  firstSeq: number,
  lines: readonly LogLine[],
  now: Date,
): Promise<number> {
  const answer = await sql<{ taken: boolean; next: string }>`
    with h as (insert into log_head as l(org_id, job_id, run_no, attempt, day, next_seq)
        select ${who.orgId}, ${who.jobId}, ${who.runNo}, ${who.attempt}, ${day}::date, ${lines.length}::bigint where ${firstSeq}::bigint = 0
        on conflict do nothing returning day),
    u as (update log_head set next_seq = next_seq + ${lines.length} where org_id = ${who.orgId} and job_id = ${who.jobId} and run_no = ${who.runNo}
        and attempt = ${who.attempt} and next_seq = ${firstSeq}::bigint and not closed and (${firstSeq}::bigint > 0 or not exists (select 1 from h))
        and not exists (select 1 from log_chunk c where c.day = log_head.day and c.org_id = ${who.orgId} and c.job_id = ${who.jobId}
          and c.run_no = ${who.runNo} and c.attempt = ${who.attempt} and c.first_seq = ${firstSeq}::bigint) returning day),
    d as (select day from h union all select day from u),
    i as (insert into log_chunk(day, org_id, job_id, run_no, attempt, first_seq, lines, at, body)
        select day, ${who.orgId}, ${who.jobId}, ${who.runNo}, ${who.attempt}, ${firstSeq}::bigint, ${lines.length}::int, ${now}::timestamptz,
          ${JSON.stringify(lines)}::text from d returning 1)
    select exists (select 1 from d) as taken, coalesce((select next_seq from log_head where org_id = ${who.orgId} and job_id = ${who.jobId}
      and run_no = ${who.runNo} and attempt = ${who.attempt}), 0) as next`.execute(tx.sql);
  const row = answer.rows[0]!;
  // When it was taken, `next` is from before this statement.
  return row.taken ? firstSeq + lines.length : Number(row.next);
}

/** No line comes behind these, if the log goes so far. Answers the sequence that would come next. */
export async function closeLog(tx: Tx, who: AttemptIdentity, next: number): Promise<number> {
  await sql`update log_head set closed = true where org_id = ${who.orgId} and job_id = ${who.jobId} and run_no = ${who.runNo}
      and attempt = ${who.attempt} and next_seq = ${next}::bigint and not closed`.execute(tx.sql);
  return nextSeqOf(tx, who);
}

/** The number that the next line of this attempt gets. */
export async function nextSeqOf(tx: Tx, who: AttemptIdentity): Promise<number> {
  const found = await sql<{ next: string }>`
    select next_seq as next from log_head where org_id = ${who.orgId} and job_id = ${who.jobId} and run_no = ${who.runNo}
       and attempt = ${who.attempt}`.execute(tx.sql);
  return Number(found.rows[0]?.next ?? 0);
}
