import { sql } from 'kysely';
import { LATE_LOG_MS } from '../../domain/jobs/agent-protocol.ts';
import type { JobState } from '../../domain/jobs/job-state.ts';
import type { LogPosition } from '../../domain/logs/log-position.ts';
import type { Tx } from '../core/transaction.ts';

/** The little of a job that says whether there is anything new. All of it is of one moment. */
export interface JobSnapshot {
  readonly id: string;
  /** When it was looked at, by the database's clock. */
  readonly atMs: number;
  readonly state: JobState;
  readonly version: number;
  readonly day: string;
  readonly progress: Readonly<Record<string, unknown>> | null;
  readonly progressAt: string | null;
  /** How far its log goes. */
  readonly end: LogPosition;
  /** Every attempt has said its last line; else a host that was cut off may still bring lines. */
  readonly logComplete: boolean;
  /** An attempt told how it ended and has not said its last line: its agent brings the rest (the log was away). */
  readonly moreLines: boolean;
}

interface Row {
  id: string;
  at_ms: number;
  state: JobState;
  version: number;
  day: string;
  progress: Record<string, unknown> | null;
  progress_at: string | null;
  heads: [run: number, attempt: number, next: number][];
  complete: boolean;
  more: boolean;
}

/** A snapshot of each of these jobs, in one statement: what its log holds and whether it has ended are of one moment. */
export async function readJobSnapshots(tx: Tx, jobIds: readonly string[]): Promise<JobSnapshot[]> {
  const found = await tx.rows(sql<Row>`
    select j.id, extract(epoch from now())::float8 * 1000 as at_ms, j.state, j.version, to_char(j.accepted_day, 'YYYY-MM-DD') as day, j.progress, j.progress_at,
           coalesce((select jsonb_agg(jsonb_build_array(h.run_no, h.attempt, h.next_seq) order by h.run_no, h.attempt)
             from log_head h where h.org_id = j.org_id and h.job_id = j.id and h.next_seq > 0), '[]') as heads,
           l.complete, l.more
      from job j cross join lateral (select coalesce(bool_and(h.closed is true), true) as complete,
             coalesce(bool_or(h.closed is not true and a.result is not null), false)
               and coalesce(j.finished_at > now() - make_interval(secs => ${LATE_LOG_MS / 1000}), true) as more
             from attempt a left join log_head h on h.org_id = a.org_id and h.job_id = a.job_id and h.run_no = a.run_no and h.attempt = a.attempt_no
            where a.org_id = j.org_id and a.job_id = j.id and a.token_hash is not null) l
     where j.org_id = ${tx.orgId} and j.id = any(${[...jobIds]}::uuid[])`);
  return found.map(({ heads, at_ms, progress_at, complete, more, ...row }) => ({
    ...row,
    atMs: at_ms,
    progressAt: progress_at,
    end: heads.map(([run, attempt, next]) => ({ run, attempt, next })),
    logComplete: complete,
    moreLines: more,
  }));
}
