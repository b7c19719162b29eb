import { sql } from 'kysely';
import type { AttemptIdentity } from '../../domain/core/attempt-identity.ts';
import type { LogLine } from '../../domain/jobs/agent-protocol.ts';
import { bytesOf } from '../../domain/jobs/log-size.ts';
import type { Tx } from '../core/transaction.ts';

export interface LogChunk {
  /** Of the job, so that a log stays in one partition over midnight. */
  readonly day: string;
  readonly firstSeq: number;
  /** At least one. */
  readonly lines: readonly LogLine[];
  /** What the log of an attempt may hold, in bytes. */
  readonly most: number;
}

/**
 * Appends one chunk, if it starts where the last one ended; a repeated or a gapped one is not taken. Returns the sequence that comes
 * next. From the chunk on that makes the log longer than it may be, lines use up their numbers and are not kept: readers
 * see a gap and how many are missing in it.
 */
export async function appendLog(
  tx: Tx,
  who: AttemptIdentity,
  { day, firstSeq, lines, most }: LogChunk,
): Promise<{ nextSeq: number; full: boolean }> {
  const bytes = bytesOf(lines);
  const answer = await tx.first(sql<{ full: boolean | null; next: string }>`
    with h as (insert into log_head as l(org_id, job_id, run_no, attempt, day, next_seq, bytes)
        select ${tx.orgId}, ${who.jobId}, ${who.runNo}, ${who.attempt}, ${day}::date, ${lines.length}::bigint, ${bytes}::bigint where ${firstSeq}::bigint = 0
        on conflict do nothing returning day, bytes),
    u as (update log_head set next_seq = next_seq + ${lines.length}, bytes = bytes + ${bytes}::bigint where org_id = ${tx.orgId} and job_id = ${who.jobId} and run_no = ${who.runNo}
        and attempt = ${who.attempt} and next_seq = ${firstSeq}::bigint and not closed and (${firstSeq}::bigint > 0 or not exists (select 1 from h))
        and not exists (select 1 from log_chunk c where c.day = log_head.day and c.org_id = ${tx.orgId} and c.job_id = ${who.jobId}
          and c.run_no = ${who.runNo} and c.attempt = ${who.attempt} and c.first_seq = ${firstSeq}::bigint) returning day, bytes),
    d as (select day, bytes > ${most}::bigint as full from h union all select day, bytes > ${most}::bigint from u),
    i as (insert into log_chunk(day, org_id, job_id, run_no, attempt, first_seq, lines, at, body)
        select day, ${tx.orgId}, ${who.jobId}, ${who.runNo}, ${who.attempt}, ${firstSeq}::bigint, ${lines.length}::int, ${tx.now}::timestamptz,
          ${JSON.stringify(lines)}::text from d where not d.full returning 1)
    select (select d.full from d) as full, coalesce((select next_seq from log_head where org_id = ${tx.orgId} and job_id = ${who.jobId}
      and run_no = ${who.runNo} and attempt = ${who.attempt}), 0) as next`);
  const row = answer!;
  if (row.full === null) return { nextSeq: Number(row.next), full: false };
  // When it was taken, `next` is from before this statement.
  return { nextSeq: firstSeq + lines.length, full: row.full };
}

/** No line comes behind these, if the log goes so far. Returns the sequence that would come next. */
export async function closeLog(tx: Tx, who: AttemptIdentity, next: number): Promise<number> {
  await tx.run(sql`update log_head set closed = true where org_id = ${tx.orgId} and job_id = ${who.jobId} and run_no = ${who.runNo}
      and attempt = ${who.attempt} and next_seq = ${next}::bigint and not closed`);
  return nextSeqOf(tx, who);
}

/** The number that the next line of this attempt gets. */
export async function nextSeqOf(tx: Tx, who: AttemptIdentity): Promise<number> {
  const found = await tx.first(sql<{ next: string }>`
    select next_seq as next from log_head where org_id = ${tx.orgId} and job_id = ${who.jobId} and run_no = ${who.runNo}
       and attempt = ${who.attempt}`);
  return Number(found?.next ?? 0);
}
