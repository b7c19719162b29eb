import { sql } from 'kysely';
import { lockOrganization } from '../core/lock-organization.ts';
import type { AcrossTx, Tx } from '../core/transaction.ts';
import { repeatPass } from './grant.ts';
import { loadStartOrders, type StartOrder } from './start-orders.ts';

/** Organisations in which a job waits although nothing is in its way. There should be none, ever. */
export async function organizationsWithForgotten(tx: AcrossTx): Promise<string[]> {
  const found = await tx.rows(sql<{ org_id: string }>`select distinct org_id from lock_forgotten()`);
  return found.map((row) => row.org_id);
}

/** The grant pass once more over all who wait; answers what it found, to be handed to the engine. */
export async function repeatGrants(tx: Tx): Promise<StartOrder[]> {
  await lockOrganization(tx);
  const granted = await repeatPass(tx);
  return loadStartOrders(tx, granted);
}
