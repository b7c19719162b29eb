import { sql } from 'kysely';
import type { JobState } from '../../domain/job-state.ts';
import type { LogPosition } from '../../domain/log-position.ts';
import type { Tx } from '../doors.ts';

/** The little of a job that says whether there is anything new. All of it is of one moment. */
export interface JobPulse {
  readonly id: string;
  readonly state: JobState;
  readonly version: number;
  readonly day: string;
  readonly progress: Readonly<Record<string, unknown>> | null;
  readonly progressAt: string | null;
  /** How far its log goes. */
  readonly end: LogPosition;
  /** Every attempt has made its last report; else a host that was cut off may still bring lines. */
  readonly logComplete: boolean;
}

interface Row {
  id: string;
  state: JobState;
  version: number;
  day: string;
  progress: Record<string, unknown> | null;
  progress_at: string | null;
  heads: [run: number, attempt: number, next: number][];
  complete: boolean;
}

/** The pulse of each of these jobs, in one statement: what its log holds and whether it has ended are of one snapshot. */
export async function readPulses(tx: Tx, orgId: string, jobIds: readonly string[]): Promise<JobPulse[]> {
  const found = await sql<Row>`
    select j.id, j.state, j.version, to_char(j.accepted_day, 'YYYY-MM-DD') as day, j.progress, j.progress_at,
           coalesce((select jsonb_agg(jsonb_build_array(h.run_no, h.attempt, h.next_seq) order by h.run_no, h.attempt)
             from log_head h where h.org_id = j.org_id and h.job_id = j.id and h.next_seq > 0), '[]') as heads,
           not exists (select 1 from attempt a where a.org_id = j.org_id and a.job_id = j.id and a.result is null
             and a.token_hash is not null) as complete
      from job j where j.org_id = ${orgId} and j.id = any(${[...jobIds]}::uuid[])`.execute(tx.sql);
  return found.rows.map(({ heads, progress_at, complete, ...row }) => ({
    ...row,
    progressAt: progress_at,
    end: heads.map(([run, attempt, next]) => ({ run, attempt, next })),
    logComplete: complete,
  }));
}
