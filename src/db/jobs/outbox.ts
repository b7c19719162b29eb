import { sql } from 'kysely';
import type { AcrossTx, AnyTx } from '../core/transaction.ts';
import type { StartOrder } from './start-orders.ts';

export interface ClaimedEntry {
  readonly id: string;
  readonly kind: 'start' | 'cancel';
  readonly runNo: number;
  /** How often it was claimed, this time included. */
  readonly tries: number;
  readonly order: StartOrder;
}

/** How long a claimed entry is left alone: longer than any call to Temporal may take. */
export const PUMP_CLAIM_MS = 10_000;

interface Row {
  id: string;
  kind: 'start' | 'cancel';
  run_no: number;
  tries: number;
  order: Record<string, string | null>;
}

/** Takes due entries nobody holds, only the oldest of each job, so that a job's start comes before its cancel. */
export async function claimOutbox(tx: AcrossTx, token: string, now: Date, limit: number): Promise<ClaimedEntry[]> {
  const until = new Date(now.getTime() + PUMP_CLAIM_MS);
  // Chosen once and apart: as a subquery of the update it may be run again for each row, and each time lock others.
  const claimed = await tx.rows(sql<Row>`
    with due as materialized (
      select q.org_id, q.id from outbox q where q.due_at <= ${now}::timestamptz and (q.claimed_until is null or q.claimed_until < ${now}::timestamptz)
         and not exists (select 1 from outbox p where p.org_id = q.org_id and p.job_id = q.job_id and p.id < q.id)
       order by q.due_at, q.id limit ${limit} for update skip locked)
    update outbox o set claimed_until = ${until}::timestamptz, claim_token = ${token}, tries = tries + 1 from due, job j
     where o.org_id = due.org_id and o.id = due.id and j.org_id = o.org_id and j.id = o.job_id
     returning o.id, o.kind, o.run_no, o.tries, jsonb_build_object('orgId', j.org_id, 'jobId', j.id, 'kind', j.kind, 'title', j.title, 'siteId', j.site_id,
       'hostId', j.host_id, 'hostName', (select h.name from host h where h.org_id = j.org_id and h.id = j.host_id),
       'planId', j.plan_id, 'planName', (select p.name from plan p where p.org_id = j.org_id and p.id = j.plan_id), 'repositoryId', j.repository_id, 'trigger', j.trigger, 'requestId', j.request_id) as "order"`);
  return claimed.map((row) => ({
    id: row.id,
    kind: row.kind,
    runNo: row.run_no,
    tries: row.tries,
    order: { ...row.order, runNo: row.run_no } as unknown as StartOrder,
  }));
}

/**
 * Takes the rows that are still claimed by this token, in one order: two holders of whom one came late met each other's rows
 * the other way round, and PostgreSQL ended one of them (40P01).
 */
export async function lockClaimed(tx: AnyTx, token: string, entries: readonly ClaimedEntry[]): Promise<void> {
  const [orgs, ids] = [entries.map(({ order }) => order.orgId), entries.map(({ id }) => id)];
  await tx.run(sql`
    select 1 from outbox o join unnest(${orgs}::uuid[], ${ids}::bigint[]) as w(org, id) on o.org_id = w.org and o.id = w.id
     where o.claim_token = ${token} order by o.id for update of o`);
}

/** By the claim's token: a holder that comes late cannot take away what somebody else has claimed since. */
export async function deleteSent(tx: AnyTx, token: string, orgId: string, ids: readonly string[]): Promise<void> {
  await tx.run(
    sql`delete from outbox where org_id = ${orgId} and id = any(${[...ids]}::bigint[]) and claim_token = ${token}`,
  );
}

/** Puts an entry off that could not be sent. */
export async function putOff(tx: AnyTx, token: string, entry: ClaimedEntry, due: Date, error: string): Promise<void> {
  await tx.run(sql`update outbox set due_at = ${due}::timestamptz, claimed_until = null, claim_token = null, last_error = ${error.slice(0, 500)}
    where org_id = ${entry.order.orgId} and id = ${entry.id}::bigint and claim_token = ${token}`);
}
