import { sql } from 'kysely';
import { SAVED_NOTHING } from '../../kinds/backup/cover-outcomes.ts';
import type { Tx } from '../core/transaction.ts';

/** How many files the plan's newest restore point holds; null: it has none, or its figures are not known. */
export async function filesOfLastRestorePoint(
  tx: Tx,
  { planId, hostId }: { readonly planId: string; readonly hostId: string },
): Promise<number | null> {
  // By host, because that has an index in this order.
  const found = await tx.first(sql<{ files: number | null }>`
    select (counts->>'filesProcessed')::float8 as files from job
     where org_id = ${tx.orgId} and host_id = ${hostId} and plan_id = ${planId} and kind = 'backup' and state in ('succeeded', 'partial')
       and outcome_code <> all (${SAVED_NOTHING}::text[]) and refs ? 'snapshotId'
     order by id desc limit 1`);
  return found?.files ?? null;
}
