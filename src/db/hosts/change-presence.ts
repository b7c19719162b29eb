import { sql } from 'kysely';
import { lockOrganization } from '../core/lock-organization.ts';
import type { Tx } from '../core/transaction.ts';
import { changePresence } from '../jobs/grant.ts';
import { loadStartOrders, type StartOrder } from '../jobs/start-orders.ts';

/**
 * Hosts of one organisation came or went: their rows say now what their leases say, and what that lets in is granted.
 * Leases are read again under lock; a beat that arrived meanwhile counts. Returns what to hand to the engine.
 */
export async function changePresenceOf(tx: Tx, hostIds: readonly string[]): Promise<StartOrder[]> {
  await lockOrganization(tx);
  // In the order in which gateways renew leases, so that neither waits for the other in a circle.
  const changed = await tx.rows(sql<{ id: string; there: boolean }>`
    select id, lease_until >= ${tx.now}::timestamptz as there from host
     where org_id = ${tx.orgId} and id = any(${[...hostIds]}::uuid[]) and present <> (lease_until >= ${tx.now}::timestamptz)
     order by id for update`);
  const granted: string[] = [];
  for (const { id, there } of changed) granted.push(...(await changePresence(tx, id, there)));
  return loadStartOrders(tx, granted);
}
