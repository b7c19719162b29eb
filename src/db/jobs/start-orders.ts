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

interface Row {
  org_id: string;
  id: string;
  run_no: number;
  kind: string;
  title: string;
  site_id: string | null;
  host_id: string | null;
  host_name: string | null;
  plan_id: string | null;
  plan_name: string | null;
  repository_id: string | null;
  trigger: string;
  request_id: string;
}

export async function loadStartOrders(tx: Tx, jobIds: readonly string[]): Promise<StartOrder[]> {
  if (jobIds.length === 0) return [];
  return await readStartOrders(tx, sql`select ${[...jobIds]}::uuid[]`);
}

/** `ids`: a query that answers one array of job ids. It runs once, and before any row is read. */
export async function readStartOrders(tx: Tx, ids: RawBuilder<unknown>): Promise<StartOrder[]> {
  const rows = await tx.rows(sql<Row>`
    with asked as materialized (select unnest((${ids})) as id)
    select j.org_id, j.id, j.run_no, j.kind, j.title, j.site_id, j.host_id, h.name as host_name, j.plan_id, p.name as plan_name,
           j.repository_id, j.trigger, j.request_id
      from asked a join job j on j.org_id = ${tx.orgId} and j.id = a.id
      left join host h on h.org_id = j.org_id and h.id = j.host_id
      left join plan p on p.org_id = j.org_id and p.id = j.plan_id order by j.seq`);
  return rows.map((row) => ({
    orgId: row.org_id,
    jobId: row.id,
    runNo: row.run_no,
    kind: row.kind,
    title: row.title,
    siteId: row.site_id,
    hostId: row.host_id,
    hostName: row.host_name,
    planId: row.plan_id,
    planName: row.plan_name,
    repositoryId: row.repository_id,
    trigger: row.trigger,
    requestId: row.request_id,
  }));
}
