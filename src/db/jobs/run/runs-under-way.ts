import { sql } from 'kysely';
import type { AcrossTx } from '../../core/transaction.ts';

/** A row that says that a run is under way, and what the host said last. Ids are uuids. */
export interface RunUnderWay {
  readonly orgId: string;
  readonly jobId: string;
  readonly runNo: number;
  readonly runId: string | null;
  /** When the row itself last heard of the run. */
  readonly heardAt: Date;
  /** The host's last beat, and the jobs it named as running (public ids); null and empty without a host. */
  readonly hostSeenAt: Date | null;
  readonly hostRuns: readonly string[];
}

export type RunCursor = Pick<RunUnderWay, 'orgId' | 'jobId'>;
export const FIRST_RUN: RunCursor = {
  orgId: '00000000-0000-0000-0000-000000000000',
  jobId: '00000000-0000-0000-0000-000000000000',
};

/**
 * A page of the runs of all organisations, in the order of the index that holds only these. Starts still to be sent are left out,
 * cancels not: a Temporal that comes back empty has the run of neither, and waiting for the cancel to be sent cost 50 s.
 */
export async function runsUnderWay(tx: AcrossTx, after: RunCursor, limit: number): Promise<RunUnderWay[]> {
  const found = await tx.rows(sql<RunUnderWay>`
    select j.org_id as "orgId", j.id as "jobId", j.run_no as "runNo", j.run_id as "runId",
           greatest(j.queued_at, j.started_at, j.progress_at, j.cancel_requested_at, j.accepted_at) as "heardAt",
           h.last_seen_at as "hostSeenAt", coalesce(h.running_jobs, '[]') as "hostRuns"
      from job j left join host h on h.org_id = j.org_id and h.id = j.host_id
     where j.state = any (array['queued', 'running', 'cancelling']) and (j.org_id, j.id) > (${after.orgId}, ${after.jobId})
       and not exists (select 1 from outbox o where o.org_id = j.org_id and o.job_id = j.id and o.kind = 'start')
     order by j.org_id, j.id limit ${limit}`);
  return found.map((row) => ({
    ...row,
    heardAt: new Date(row.heardAt),
    hostSeenAt: row.hostSeenAt && new Date(row.hostSeenAt),
  }));
}
