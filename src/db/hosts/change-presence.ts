import { sql } from 'kysely';
import type { Tx } from '../core/doors.ts';
import { lockOrganization } from '../core/lock-organization.ts';
import { type CommitterClaim, changePresence } from '../jobs/grant.ts';
import { loadStartOrders, type StartOrder } from '../jobs/start-orders.ts';

/**
 * Hosts of one organisation came or went: their rows say now what their leases say, and what that lets in is granted.
 * Leases are read again under lock; a beat that arrived meanwhile counts. Answers what to pass through the door.
 */
export async function changePresenceOf(
  tx: Tx,
  orgId: string,
  hostIds: readonly string[],
  claim: CommitterClaim,
): Promise<StartOrder[]> {
  await lockOrganization(tx, orgId);
  // In the order in which gateways renew leases, so that neither waits for the other in a circle.
  const changed = await sql<{ id: string; there: boolean }>`
    select id, lease_until >= ${claim.now}::timestamptz as there from host
     where org_id = ${orgId} and id = any(${[...hostIds]}::uuid[]) and present <> (lease_until >= ${claim.now}::timestamptz)
     order by id for update`.execute(tx.sql);
  const granted: string[] = [];
  for (const { id, there } of changed.rows) granted.push(...(await changePresence(tx, orgId, id, there, claim)));
  return loadStartOrders(tx, orgId, granted);
}
