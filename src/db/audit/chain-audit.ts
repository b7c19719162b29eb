import { sql } from 'kysely';
import type { AcrossTx } from '../core/transaction.ts';

/** Links at most `most` audit events that are not linked yet, of all organisations; returns how many it did. */
export async function chainAudit(tx: AcrossTx, most: number): Promise<number> {
  const linked = await tx.first(sql<{ n: number }>`select audit_chain(${most}) as n`);
  return linked!.n;
}
