import { sql } from 'kysely';
import type { Reach } from '../../domain/core/authorize.ts';
import { behind, inOrder, type Page, type PageAsked, pageOf, rfc3339, withinReach } from '../core/page.ts';
import type { Tx } from '../core/transaction.ts';

export interface PlanView {
  readonly id: string;
  readonly name: string;
  readonly host: { readonly id: string; readonly name: string; readonly siteId: string };
  readonly repository: {
    readonly id: string;
    readonly name: string;
    readonly state: string;
    readonly wasReady: boolean;
  };
  readonly paths: readonly string[];
  readonly excludes: readonly string[];
  readonly version: number;
  readonly createdAt: string;
}

interface Row {
  id: string;
  name: string;
  host_id: string;
  host_name: string;
  site_id: string;
  repository_id: string;
  repository_name: string;
  repository_state: string;
  was_ready: boolean;
  paths: string[];
  excludes: string[];
  version: number;
  created_at: string;
}

const SELECT = sql`select p.id, p.name, p.host_id, h.name as host_name, h.site_id, p.repository_id, r.name as repository_name, r.state as repository_state, r.ready_at is not null as was_ready, p.paths, p.excludes,
  p.version, p.created_at
  from plan p join host h on h.org_id = p.org_id and h.id = p.host_id join repository r on r.org_id = p.org_id and r.id = p.repository_id`;

const viewOf = (row: Row): PlanView => ({
  id: row.id,
  name: row.name,
  host: { id: row.host_id, name: row.host_name, siteId: row.site_id },
  repository: {
    id: row.repository_id,
    name: row.repository_name,
    state: row.repository_state,
    wasReady: row.was_ready,
  },
  paths: row.paths,
  excludes: row.excludes,
  version: row.version,
  createdAt: rfc3339(row.created_at),
});

export interface PlanFilter {
  readonly reach: Reach;
  readonly hostId: string | null;
  readonly repositoryId: string | null;
  readonly name: string | null;
}

export async function listPlans(tx: Tx, filter: PlanFilter, page: PageAsked): Promise<Page<PlanView>> {
  const found = await tx.rows(sql<Row>`${SELECT}
     where p.org_id = ${tx.orgId} and p.deleted_at is null and ${behind(page, 'p.id')} and ${withinReach(filter.reach, 'h.site_id')}
       and (${filter.hostId}::uuid is null or p.host_id = ${filter.hostId})
       and (${filter.repositoryId}::uuid is null or p.repository_id = ${filter.repositoryId})
       and (${filter.name}::text is null or p.name = ${filter.name})
     order by ${inOrder(page, 'p.id')} limit ${page.limit + 1}`);
  return pageOf(found.map(viewOf), page.limit, (plan) => plan.id);
}

export async function getPlan(tx: Tx, id: string): Promise<PlanView | null> {
  const found = await tx.first(
    sql<Row>`${SELECT} where p.org_id = ${tx.orgId} and p.id = ${id} and p.deleted_at is null`,
  );
  return found ? viewOf(found) : null;
}
