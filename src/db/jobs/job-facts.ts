import { sql } from 'kysely';
import type { HostFact, PlanFact, RepositoryFact } from '../../domain/jobs/facts.ts';
import type { Tx } from '../core/transaction.ts';

/** What a request names; a plan brings its host and repository. Uuids or null. */
export interface FactsWanted {
  readonly planId: string | null;
  readonly hostId: string | null;
  readonly repositoryId: string | null;
}

export interface FactsFound {
  readonly plan: PlanFact | null;
  readonly host: HostFact | null;
  readonly repository: RepositoryFact | null;
}

interface Row {
  plan: {
    id: string;
    name: string;
    host_id: string;
    repository_id: string;
    paths: string[];
    excludes: string[];
  } | null;
  host: {
    id: string;
    site_id: string;
    site_max_jobs: number | null;
    name: string;
    present: boolean;
    activities: string[];
    epoch: number;
  } | null;
  repository: {
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
  } | null;
}

/**
 * Loads what many requests need in one statement, in their order; null for what is not in the organisation. `case`, not
 * `coalesce`: that counts as leaky, row-level security keeps it out of the index, and one request read all ten thousand
 * hosts inside the organisation's lock.
 */
export async function loadFacts(tx: Tx, wanted: readonly FactsWanted[]): Promise<FactsFound[]> {
  const found = await tx.rows(sql<Row>`
    select to_jsonb(p) as plan, to_jsonb(h) || jsonb_build_object('site_max_jobs', (select max_jobs from site where org_id = ${tx.orgId} and id = h.site_id)) as host, to_jsonb(r) || jsonb_build_object('has_password', exists (
        select 1 from secret s where s.org_id = ${tx.orgId} and s.table_name = 'repository' and s.row_id = r.id),
        'used_by', case when p.id is not null then 'host'
          when exists (select 1 from plan x where x.org_id = ${tx.orgId} and x.host_id = h.id and x.repository_id = r.id and x.deleted_at is null) then 'host'
          when exists (select 1 from plan x join host y on y.org_id = x.org_id and y.id = x.host_id
            where x.org_id = ${tx.orgId} and y.site_id = h.site_id and x.repository_id = r.id and x.deleted_at is null) then 'site' end) as repository
      from unnest(${wanted.map((w) => w.planId)}::uuid[], ${wanted.map((w) => w.hostId)}::uuid[],
                  ${wanted.map((w) => w.repositoryId)}::uuid[]) with ordinality as w(plan_id, host_id, repository_id, no)
      left join plan p on p.org_id = ${tx.orgId} and p.id = w.plan_id and p.deleted_at is null
      left join host h on h.org_id = ${tx.orgId} and h.id = case when p.id is null then w.host_id else p.host_id end
      left join repository r on r.org_id = ${tx.orgId} and r.id = case when p.id is null then w.repository_id else p.repository_id end
     order by w.no`);
  return found.map(factsOf);
}

function factsOf({ plan, host, repository }: Row): FactsFound {
  return {
    plan: plan && {
      id: plan.id,
      name: plan.name,
      hostId: plan.host_id,
      repositoryId: plan.repository_id,
      paths: plan.paths,
      excludes: plan.excludes,
    },
    host: host && {
      id: host.id,
      siteId: host.site_id,
      siteMaxJobs: host.site_max_jobs,
      name: host.name,
      online: host.present,
      activities: host.activities,
      epoch: host.epoch,
    },
    repository: repository && {
      id: repository.id,
      name: repository.name,
      backend: repository.backend,
      url: repository.url,
      hasPassword: repository.has_password,
      usedBy: repository.used_by,
      resticId: repository.restic_id,
      configDigest: repository.config_digest,
      wasReady: repository.ready_at !== null,
      snapshotsKnown: repository.snapshots_known,
      maxJobs: repository.max_jobs,
    },
  };
}
