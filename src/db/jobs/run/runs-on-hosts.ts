import { sql } from 'kysely';
import type { AcrossTx } from '../../core/transaction.ts';
import type { RunCursor } from './runs-under-way.ts';

/** A run whose attempt is believed to be on a host that beats. Ids are uuids. */
export interface RunOnHost {
  readonly orgId: string;
  readonly jobId: string;
  readonly runNo: number;
  readonly runId: string;
  readonly hostSeenAt: Date;
  /** The jobs that the last beat named (public ids). */
  readonly hostRuns: readonly string[];
  /** When the last attempt of the run reported how it ended. */
  readonly resultAt: Date | null;
}

/** A beat that is older says nothing of now. */
const FRESH_MS = 15_000;

/** A page of them, of all organisations, in the order of the index that holds only runs under way. */
export async function runsOnHosts(tx: AcrossTx, after: RunCursor, now: Date, limit: number): Promise<RunOnHost[]> {
  const fresh = new Date(now.getTime() - FRESH_MS);
  const found = await tx.rows(sql<RunOnHost>`
    select j.org_id as "orgId", j.id as "jobId", j.run_no as "runNo", j.run_id as "runId", h.last_seen_at as "hostSeenAt",
           h.running_jobs as "hostRuns", a.result_at as "resultAt"
      from job j join host h on h.org_id = j.org_id and h.id = j.host_id
      left join lateral (select result_at from attempt a where a.org_id = j.org_id and a.job_id = j.id and a.run_no = j.run_no
        order by attempt_no desc limit 1) a on true
     where j.state = any (array['queued', 'running', 'cancelling']) and j.state <> 'queued' and j.run_id is not null
       and h.present and h.last_seen_at >= ${fresh}::timestamptz and (j.org_id, j.id) > (${after.orgId}, ${after.jobId})
     order by j.org_id, j.id limit ${limit}`);
  return found.map((row) => ({
    ...row,
    hostSeenAt: new Date(row.hostSeenAt),
    resultAt: row.resultAt && new Date(row.resultAt),
  }));
}
