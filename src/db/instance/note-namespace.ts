import { sql } from 'kysely';
import type { Tx } from '../core/doors.ts';

/** Our runs are in that namespace from now on; `before` is what it was when the caller looked, so that two cannot cross. */
export async function noteNamespace(tx: Tx, before: string | null, now: string): Promise<void> {
  await sql`update instance set temporal_namespace_id = ${now}
    where id = 1 and temporal_namespace_id is not distinct from ${before}`.execute(tx.sql);
}
