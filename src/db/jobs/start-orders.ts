import { type RawBuilder, sql } from 'kysely';
import type { Tx } from '../core/transaction.ts';

/** What the engine needs to start a run: references and words, all of it readable in Temporal's lists. */
export interface StartOrder {
  readonly orgId: string;
  readonly jobId: string;
  readonly runNo: number;
  readonly kind: string;
  readonly title: string;
  readonly siteId: string | null;
  readonly hostId: string | null;
  readonly hostName: string | null;
  readonly planId: string | null;
  readonly planName: string | null;
  readonly repositoryId: string | null;
  readonly trigger: string;
  readonly requestId: string;
}

export async function loadStartOrders(tx: Tx, jobIds: readonly string[]): Promise<StartOrder[]> {
  if (jobIds.length === 0) return [];
  return await readStartOrders(tx, sql`select ${[...jobIds]}::uuid[]`);
}

/** `ids`: a query that returns one array of job ids. It runs once, and before any row is read. */
export async function readStartOrders(tx: Tx, ids: RawBuilder<unknown>): Promise<StartOrder[]> {
  return await tx.rows(sql<StartOrder>`
    with asked as materialized (select unnest((${ids})) as id)
    select j.org_id as "orgId", j.id as "jobId", j.run_no as "runNo", j.kind, j.title, j.site_id as "siteId", j.host_id as "hostId", h.name as "hostName",
           j.plan_id as "planId", p.name as "planName", j.repository_id as "repositoryId", j.trigger, j.request_id as "requestId"
      from asked a join job j on j.org_id = ${tx.orgId} and j.id = a.id
      left join host h on h.org_id = j.org_id and h.id = j.host_id
      left join plan p on p.org_id = j.org_id and p.id = j.plan_id order by j.seq`);
}
