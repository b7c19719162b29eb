import { sql } from 'kysely';
import { Failure } from '../../lib/failure.ts';
import type { Tx } from './transaction.ts';

/** An Idempotency-Key as it came with a request. */
export interface IdempotencyKeyUse {
  readonly principal: string;
  readonly route: string;
  readonly key: string;
  readonly bodyHash: Buffer;
}

/**
 * What this Idempotency-Key led to before, or null. Ask inside the organisation's lock: of twenty requests at once the
 * first writes and the others find it.
 */
export async function recallRequest(tx: Tx, use: IdempotencyKeyUse | null): Promise<string | null> {
  if (use === null) return null;
  const row = await tx.first(sql<{ subject_id: string; same: boolean }>`
    select subject_id, body_hash = ${use.bodyHash} as same from idempotency_key
     where org_id = ${tx.orgId} and principal = ${use.principal} and route = ${use.route} and key = ${use.key}`);
  if (row && !row.same)
    throw new Failure('idempotency-key-reused', 'This Idempotency-Key came with another body before.', {
      fault: 'caller',
    });
  return row?.subject_id ?? null;
}

export async function rememberRequest(tx: Tx, use: IdempotencyKeyUse | null, subjectId: string): Promise<void> {
  if (use === null) return;
  await tx.run(sql`insert into idempotency_key(org_id, principal, route, key, body_hash, subject_id, created_at)
    values (${tx.orgId}, ${use.principal}, ${use.route}, ${use.key}, ${use.bodyHash}, ${subjectId}, ${tx.now}::timestamptz)`);
}
