import { sql } from 'kysely';
import type { PlanFact, RepositoryFact } from '../../domain/backup/facts.ts';
import { PLAN } from '../../kinds/backup/plan.ts';
import { REPOSITORY } from '../../kinds/backup/repository.ts';
import { tableOf } from '../core/subject-table.ts';

interface PlanColumns {
  id: string;
  name: string;
  host_id: string;
  repository_id: string;
  paths: string[];
  excludes: string[];
}

export const planSubject = tableOf<PlanColumns, PlanFact>(PLAN, {
  table: 'plan',
  goneAt: 'deleted_at',
  factOf: (row) => ({
    id: row.id,
    name: row.name,
    hostId: row.host_id,
    repositoryId: row.repository_id,
    paths: row.paths,
    excludes: row.excludes,
  }),
});

interface RepositoryColumns {
  id: string;
  name: string;
  backend: string;
  url: string;
  max_jobs: number | null;
  has_password: boolean;
  used_by: 'host' | 'site' | null;
  restic_id: string | null;
  config_digest: string | null;
  ready_at: string | null;
  snapshots_known: number;
}

export const repositorySubject = tableOf<RepositoryColumns, RepositoryFact>(REPOSITORY, {
  table: 'repository',
  more: (orgId, loads) => sql`jsonb_build_object(
    'has_password', exists (select 1 from secret s where s.org_id = ${orgId} and s.table_name = 'repository' and s.row_id = repository.id),
    'used_by', ${loads('host') ? usedBy(orgId) : sql`null`})`,
  factOf: (row) => ({
    id: row.id,
    name: row.name,
    backend: row.backend,
    url: row.url,
    hasPassword: row.has_password,
    usedBy: row.used_by,
    resticId: row.restic_id,
    configDigest: row.config_digest,
    wasReady: row.ready_at !== null,
    snapshotsKnown: row.snapshots_known,
    maxJobs: row.max_jobs,
  }),
});

/** A plan that brings both along is one that uses it. */
const usedBy = (orgId: string) => sql`case
  when exists (select 1 from plan x where x.org_id = ${orgId} and x.host_id = host.id and x.repository_id = repository.id and x.deleted_at is null) then 'host'
  when exists (select 1 from plan x join host y on y.org_id = x.org_id and y.id = x.host_id
    where x.org_id = ${orgId} and y.site_id = host.site_id and x.repository_id = repository.id and x.deleted_at is null) then 'site' end`;
