import { sql } from 'kysely';
import type { AcrossTx } from '../core/transaction.ts';

/** Rows that one transaction deletes at most: about 20 ms, far from the second that holds back everybody's events. */
export const UPKEEP_BATCH = 2_000;

/** Makes the log's days around today where they are missing; returns how many. Days are UTC, the server may live elsewhere. */
export async function makeLogDays(tx: AcrossTx): Promise<number> {
  const made = await tx.first(sql<{ n: number }>`select log_partitions_make(current_date - 2, current_date + 7) as n`);
  return made!.n;
}

/** Drops the oldest day of the log that is older than `days`; returns 1, or 0 when there is none. */
export async function dropOldLogDay(tx: AcrossTx, days: number): Promise<number> {
  const dropped = await tx.first(sql<{ n: number }>`select log_partitions_drop(current_date - ${days}::int) as n`);
  return dropped!.n;
}

/** Forgets where logs ended whose days are gone, a batch at a time. */
export async function deleteOldLogHeads(tx: AcrossTx, days: number): Promise<number> {
  return await tx.run(sql`delete from log_head where ctid = any(array(
    select ctid from log_head where day < current_date - ${days}::int order by day limit ${UPKEEP_BATCH}))`);
}

/** Deletes idempotency keys older than that, a batch at a time. */
export async function deleteOldKeys(tx: AcrossTx, ageMs: number): Promise<number> {
  const before = new Date(tx.now.getTime() - ageMs);
  return await tx.run(sql`delete from idempotency_key where ctid = any(array(
    select ctid from idempotency_key where created_at < ${before}::timestamptz order by created_at limit ${UPKEEP_BATCH}))`);
}

/** The platform's value of a setting; null when nobody has set it. */
export async function platformSetting(tx: AcrossTx, key: string): Promise<unknown> {
  const found = await tx.first(sql<{ value: unknown }>`
    select s.value from setting s join organization o on o.id = s.org_id where o.plane = 'platform' and s.key = ${key} limit 1`);
  return found?.value ?? null;
}
