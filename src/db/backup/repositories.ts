import { sql } from 'kysely';
import { behind, inOrder, type Page, type PageAsked, pageOf, rfc3339 } from '../core/page.ts';
import type { Tx } from '../core/transaction.ts';

/** A repository as people may see it: never its password, only whether there is one. */
export interface RepositoryView {
  readonly id: string;
  readonly name: string;
  readonly backend: string;
  readonly url: string;
  readonly hasPassword: boolean;
  readonly state: string;
  readonly stateAt: string | null;
  readonly readyAt: string | null;
  readonly snapshotsKnown: number;
  readonly resticId: string | null;
  readonly maxJobs: number | null;
  readonly version: number;
  readonly createdAt: string;
}

interface Row {
  id: string;
  name: string;
  backend: string;
  url: string;
  has_password: boolean;
  state: string;
  state_at: string | null;
  ready_at: string | null;
  snapshots_known: number;
  restic_id: string | null;
  max_jobs: number | null;
  version: number;
  created_at: string;
}

const SELECT = sql`select r.id, r.name, r.backend, r.url, r.state, r.state_at, r.ready_at, r.snapshots_known, r.restic_id, r.max_jobs, r.version, r.created_at, exists (select 1 from secret s
  where s.org_id = r.org_id and s.table_name = 'repository' and s.row_id = r.id and s.column_name = 'password') as has_password
  from repository r`;

const viewOf = (row: Row): RepositoryView => ({
  id: row.id,
  name: row.name,
  backend: row.backend,
  url: row.url,
  hasPassword: row.has_password,
  state: row.state,
  stateAt: rfc3339(row.state_at),
  readyAt: rfc3339(row.ready_at),
  snapshotsKnown: row.snapshots_known,
  resticId: row.restic_id,
  maxJobs: row.max_jobs,
  version: row.version,
  createdAt: rfc3339(row.created_at),
});

export async function listRepositories(
  tx: Tx,
  filter: { readonly name: string | null },
  page: PageAsked,
): Promise<Page<RepositoryView>> {
  const found = await tx.rows(sql<Row>`${SELECT}
     where r.org_id = ${tx.orgId} and ${behind(page, 'r.id')} and (${filter.name}::text is null or r.name = ${filter.name})
     order by ${inOrder(page, 'r.id')} limit ${page.limit + 1}`);
  return pageOf(found.map(viewOf), page.limit, (repository) => repository.id);
}

export async function getRepository(tx: Tx, id: string): Promise<RepositoryView | null> {
  const found = await tx.first(sql<Row>`${SELECT} where r.org_id = ${tx.orgId} and r.id = ${id}`);
  return found ? viewOf(found) : null;
}
