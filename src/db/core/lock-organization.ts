import { sql } from 'kysely';
import type { Tx } from './transaction.ts';

/**
 * Takes the organisation's advisory lock until the transaction ends, and has viewers notified of the commit (`tx.notify`),
 * because who takes it is about to change a job's state. First, before any job row: a cancel that took the
 * row before the lock met a finish the other way round and PostgreSQL ended one of them (40P01).
 */
export async function lockOrganization(tx: Tx): Promise<void> {
  tx.notify();
  await tx.run(sql`select lock_enter(${tx.orgId}::uuid)`);
}
