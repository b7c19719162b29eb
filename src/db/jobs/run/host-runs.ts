import { sql } from 'kysely';
import type { HostRun } from '../../../domain/hosts/gateway-store.ts';
import type { Tx } from '../../core/transaction.ts';

/** By the index of the jobs that did not succeed: those under way are few, whatever the number of jobs of the host. */
export async function hostRuns(tx: Tx, host: { orgId: string; hostId: string }): Promise<HostRun[]> {
  const found = await tx.rows(sql<HostRun>`
    select j.id as "jobId", j.run_no as "runNo", array(
        select a.attempt_no from attempt a where a.org_id = j.org_id and a.job_id = j.id and a.run_no = j.run_no
          and a.claimed_at is not null) as "claimedAttempts"
      from job j where j.org_id = ${host.orgId} and j.state in ('running', 'cancelling')
       and j.host_id = ${host.hostId}`);
  return found;
}
