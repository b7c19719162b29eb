import { sql } from 'kysely';
import type { Reach } from '../../domain/core/authorize.ts';
import { behind, inOrder, type Page, type PageAsked, pageOf, rfc3339, withinReach } from '../core/page.ts';
import type { Tx } from '../core/transaction.ts';

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
  filter: { readonly reach: Reach; readonly name: string | null },
  page: PageAsked,
): Promise<Page<SiteView>> {
  const found = await tx.rows(sql<Row>`select s.id, s.name, s.max_jobs, s.version, s.created_at from site s
     where s.org_id = ${tx.orgId} and ${behind(page, 's.id')} and ${withinReach(filter.reach, 's.id')}
       and (${filter.name}::text is null or s.name = ${filter.name})
     order by ${inOrder(page, 's.id')} limit ${page.limit + 1}`);
  return pageOf(found.map(viewOf), page.limit, (site) => site.id);
}

export async function getSite(tx: Tx, id: string): Promise<SiteView | null> {
  const found = await tx.first(sql<Row>`
    select id, name, max_jobs, version, created_at from site where org_id = ${tx.orgId} and id = ${id}`);
  return found ? viewOf(found) : null;
}
