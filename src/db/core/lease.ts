import { sql } from 'kysely';
import type { AcrossTx } from './transaction.ts';

/** How long a loop's lease lasts without renewal; another replica takes over after that (3.1 s measured after a kill -9). */
export const LOOP_LEASE_MS = 3_000;

/** Takes or renews a lease; false when somebody else holds it. A loop with long pauses needs one that outlasts them. */
export async function holdLease(
  tx: AcrossTx,
  name: string,
  holder: string,
  lengthMs: number = LOOP_LEASE_MS,
): Promise<boolean> {
  const until = new Date(tx.now.getTime() + lengthMs);
  const taken = await tx.rows(sql<{ term: number }>`
    insert into lease(name, holder, until) values (${name}, ${holder}, ${until}::timestamptz)
    on conflict (name) do update set holder = excluded.holder, until = excluded.until, term = lease.term + (lease.holder <> excluded.holder)::int
     where lease.holder = excluded.holder or lease.until < ${tx.now}::timestamptz returning term`);
  return taken.length > 0;
}
