import { sql } from 'kysely';
import type { Tx } from '../core/doors.ts';
import { lockOrganization } from '../core/lock-organization.ts';
import type { CommitterClaim } from './grant.ts';
import { loadStartOrders, type StartOrder } from './start-orders.ts';

/** Organisations in which a job waits although nothing is in its way. There should be none, ever. */
export async function organizationsWithForgotten(tx: Tx): Promise<string[]> {
  const found = await sql<{ org_id: string }>`select distinct org_id from lock_forgotten()`.execute(tx.sql);
  return found.rows.map((row) => row.org_id);
}

/** The grant pass once more over all who wait; answers what it found, to be passed through the door. */
export async function repeatGrants(tx: Tx, orgId: string, claim: CommitterClaim): Promise<StartOrder[]> {
  await lockOrganization(tx, orgId);
  const granted = await sql<{ ids: string[] }>`
    select lock_repeat(${orgId}::uuid, ${claim.now}::timestamptz, ${claim.token}::uuid, ${claim.until}::timestamptz) as ids`.execute(
    tx.sql,
  );
  return loadStartOrders(tx, orgId, granted.rows[0]?.ids ?? []);
}
