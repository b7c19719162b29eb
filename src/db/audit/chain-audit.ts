import { sql } from 'kysely';
import type { Tx } from '../core/doors.ts';

/** Links at most `most` audit events that are not linked yet, of all organisations; answers how many it did. */
export async function chainAudit(tx: Tx, most: number): Promise<number> {
  const linked = await sql<{ n: number }>`select audit_chain(${most}) as n`.execute(tx.sql);
  return linked.rows[0]!.n;
}
