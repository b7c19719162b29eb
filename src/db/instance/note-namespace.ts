import { sql } from 'kysely';
import type { AcrossTx } from '../core/transaction.ts';

/** Our runs are in that namespace from now on; `before` is what it was when the caller looked, so that two cannot cross. */
export async function noteNamespace(tx: AcrossTx, before: string | null, now: string): Promise<void> {
  await tx.run(sql`update instance set temporal_namespace_id = ${now}
    where id = 1 and temporal_namespace_id is not distinct from ${before}`);
}
