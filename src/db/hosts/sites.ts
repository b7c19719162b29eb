import { sql } from 'kysely';
import type { Reach } from '../../domain/core/decide.ts';
import type { Tx } from '../core/doors.ts';
import { behind, inOrder, type Page, type PageAsked, pageOf, rfc3339, withinReach } from '../core/page.ts';

export interface SiteView {
  readonly id: string;
  readonly name: string;
  readonly maxJobs: number | null;
  readonly version: number;
  readonly createdAt: string;
}

interface Row {
  id: string;
  name: string;
  max_jobs: number | null;
  version: number;
  created_at: string;
}

const viewOf = (row: Row): SiteView => ({
  id: row.id,
  name: row.name,
  maxJobs: row.max_jobs,
  version: row.version,
  createdAt: rfc3339(row.created_at),
});

export async function listSites(
  tx: Tx,
  orgId: string,
  filter: { readonly reach: Reach; readonly name: string | null },
  page: PageAsked,
): Promise<Page<SiteView>> {
  const found = await sql<Row>`select s.id, s.name, s.max_jobs, s.version, s.created_at from site s
     where s.org_id = ${orgId} and ${behind(page, 's.id')} and ${withinReach(filter.reach, 's.id')}
       and (${filter.name}::text is null or s.name = ${filter.name})
     order by ${inOrder(page, 's.id')} limit ${page.limit + 1}`.execute(tx.sql);
  return pageOf(found.rows.map(viewOf), page.limit, (site) => site.id);
}

export async function getSite(tx: Tx, orgId: string, id: string): Promise<SiteView | null> {
  const found = await sql<Row>`
    select id, name, max_jobs, version, created_at from site where org_id = ${orgId} and id = ${id}`.execute(tx.sql);
  return found.rows[0] ? viewOf(found.rows[0]) : null;
}
