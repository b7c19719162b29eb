import { sql } from 'kysely';
import { INGEST_GAP_MS, type IngestSeen } from '../../domain/jobs/silence.ts';
import type { AcrossTx } from '../core/transaction.ts';

export interface ChangedHost {
  readonly orgId: string;
  readonly hostId: string;
  /** What its lease says now, and its row not yet. */
  readonly present: boolean;
}

/** So many of each kind in a round: what is left comes with the next. */
const MOST_HOSTS = 500;

/** Hosts whose lease says something else than their row: two index ranges that hold only changes, whatever the number of hosts. */
export async function changedHosts(tx: AcrossTx): Promise<ChangedHost[]> {
  return await tx.rows(sql<ChangedHost>`
    (select org_id as "orgId", id as "hostId", false as present from host where present and lease_until < ${tx.now}::timestamptz
      order by lease_until limit ${MOST_HOSTS})
    union all
    (select org_id, id, true from host where not present and lease_until >= ${tx.now}::timestamptz order by lease_until limit ${MOST_HOSTS})`);
}

/** How many hosts count as there, and of how many of them the lease has run out. */
export async function countSilent(tx: AcrossTx): Promise<{ silent: number; present: number }> {
  const found = await tx.first(sql<{ silent: number; present: number }>`
    select count(*)::int as present, (count(*) filter (where lease_until < ${tx.now}::timestamptz))::int as silent
      from host where present`);
  return found!;
}

export async function readIngest(tx: AcrossTx): Promise<IngestSeen | null> {
  const row = await tx.first(sql<{ since: Date; seen_at: Date; problem_since: Date | null }>`
    select since, seen_at, problem_since from ingest`);
  const ms = (time: Date) => new Date(time).getTime();
  return row === null
    ? null
    : {
        sinceMs: ms(row.since),
        seenAtMs: ms(row.seen_at),
        problemSinceMs: row.problem_since && ms(row.problem_since),
      };
}

/** A gateway takes beats. The time without a gap begins anew when it has just started, or when nobody has said so for too long. */
export async function gatewayLives(tx: AcrossTx, justStarted: boolean): Promise<void> {
  const gap = new Date(tx.now.getTime() - INGEST_GAP_MS);
  await tx.run(sql`
    insert into ingest as i(id, since, seen_at) values (1, ${tx.now}::timestamptz, ${tx.now}::timestamptz)
    on conflict (id) do update set seen_at = greatest(i.seen_at, excluded.seen_at),
      since = case when ${justStarted} or i.seen_at < ${gap}::timestamptz then excluded.since else i.since end`);
}

/** Remembers since when too many hosts are silent at once; null when it is over. */
export async function noteIngestProblem(tx: AcrossTx, since: Date | null, silentHosts: number): Promise<void> {
  await tx.run(sql`update ingest set problem_since = ${since}::timestamptz, silent_hosts = ${silentHosts}`);
}
