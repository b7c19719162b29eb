import { sql } from 'kysely';
import { lockOrganization } from '../core/lock-organization.ts';
import type { AcrossTx, Tx } from '../core/transaction.ts';
import type { CommitterClaim } from './grant.ts';
import { loadStartOrders, type StartOrder } from './start-orders.ts';

/** Organisations in which a job waits although nothing is in its way. There should be none, ever. */
export async function organizationsWithForgotten(tx: AcrossTx): Promise<string[]> {
  const found = await tx.rows(sql<{ org_id: string }>`select distinct org_id from lock_forgotten()`);
  return found.map((row) => row.org_id);
}

/** The grant pass once more over all who wait; answers what it found, to be handed to the engine. */
export async function repeatGrants(tx: Tx, claim: CommitterClaim): Promise<StartOrder[]> {
  await lockOrganization(tx);
  const granted = await tx.first(sql<{ ids: string[] }>`
    select lock_repeat(${tx.orgId}::uuid, ${claim.now}::timestamptz, ${claim.token}::uuid, ${claim.until}::timestamptz) as ids`);
  return loadStartOrders(tx, granted?.ids ?? []);
}
