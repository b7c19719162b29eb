import { sql } from 'kysely';
import type { Tx } from '../doors.ts';

/**
 * Takes the organisation's advisory lock until the transaction ends. First, before any job row: a cancel that took the
 * row before the lock met a finish the other way round and PostgreSQL ended one of them (40P01).
 */
export async function lockOrganization(tx: Tx, orgId: string): Promise<void> {
  await sql`select lock_enter(${orgId}::uuid)`.execute(tx.sql);
}
