import { type RawBuilder, sql } from 'kysely';
import { type Reach, reachIncludes } from '../../domain/core/authorize.ts';
import type { JobState } from '../../domain/jobs/job-state.ts';
import { type JobWait, saysItself } from '../../domain/jobs/job-wait.ts';
import { behind, inOrder, type Page, type PageAsked, pageOf, withinReach } from '../core/page.ts';
import type { Tx } from '../core/transaction.ts';
import type { JobSchema } from '../tables/job.ts';
import type { RowOf } from '../tables/row-of.ts';
import { type HostSilenceRow, hostSilence } from './host-silence.ts';
import { loadWaits, OWN_SITE, type Sees } from './job-waits.ts';

/** What a list leaves out. */
type Unlisted = 'org_id' | 'actor_id' | 'parent_id' | 'retry_of_id' | 'seq' | 'accepted_day' | 'amended_at';

/** A job's row with the names of what it points at. */
type JobListRow = HostSilenceRow & Omit<RowOf<typeof JobSchema>, Unlisted>;

/** The row, and why it does not go on when it does not. */
export type JobView = JobListRow & { readonly wait: JobWait | null };

/** The database's own clock: by one of ours that is wrong every job of every host would be shown as unheard of. */
const COLUMNS = sql`j.id, j.kind, j.title, j.state, j.reason, j.host_id, h.name as host_name, h.present as host_present,
  h.lease_until < now() as host_silent, h.last_seen_at as host_seen_at, j.verifying_until, j.site_id, j.plan_id, j.repository_id, j.params,
  j.trigger, j.actor_kind, j.actor_label, j.request_id, j.run_no, j.run_id, j.accepted_at, j.queued_at, j.started_at, j.finished_at,
  j.queue_deadline_at, j.attempts, j.cancel_requested_at, j.cancel_actor, j.cancel_reason, j.outcome_code, j.outcome_sentence,
  j.outcome_next, j.counts, j.refs, j.failures, j.failure_count, j.progress, j.progress_at, j.version`;

/** The host of each row in `j`: one look into its index a row, whatever the planner thinks of the number of rows. */
const hostOf = (orgId: string) => sql`left join lateral (
  select name, present, lease_until, last_seen_at from host where org_id = ${orgId} and id = j.host_id limit 1) h on true`;

export interface JobFilter {
  readonly reach: Reach;
  readonly kind: string | null;
  readonly states: readonly JobState[];
  readonly hostId: string | null;
  readonly planId: string | null;
}

/**
 * Several states are merged from one index range each: `state in (...)` took 27-137 ms at a million rows. Each state is a
 * value of its own, because only then the planner sees that the index of all states but `succeeded` holds it.
 */
export async function listJobs(tx: Tx, filter: JobFilter, page: PageAsked): Promise<Page<JobView>> {
  const wide = page.limit + 1;
  const matching = (state: RawBuilder<unknown>) => sql`
    (select j.* from job j where j.org_id = ${tx.orgId} and ${behind(page, 'j.id')} and ${state}
       and ${withinReach(filter.reach, 'j.site_id')}
       and ${filter.kind === null ? sql`true` : sql`j.kind = ${filter.kind}`}
       and ${filter.hostId === null ? sql`true` : sql`j.host_id = ${filter.hostId}`}
       and ${filter.planId === null ? sql`true` : sql`j.plan_id = ${filter.planId}`}
     order by ${inOrder(page, 'j.id')} limit ${wide})`;
  const ranges =
    filter.states.length === 0
      ? [matching(sql`true`)]
      : filter.states.map((state) => matching(sql`j.state = ${state}`));
  const found = await tx.rows(sql<JobListRow>`
    select ${COLUMNS} from (select * from (${sql.join(ranges, sql` union all `)}) m order by ${inOrder(page, 'm.id')} limit ${wide}) j
      ${hostOf(tx.orgId)}
     order by ${inOrder(page, 'j.id')}`);
  const { items, next } = pageOf(found, page.limit, (job) => job.id);
  const sees: Sees = (siteId) => reachIncludes(filter.reach, siteId);
  return { items: await withWaits(tx, items, sees), next };
}

export async function getJob(tx: Tx, id: string, sees: Sees = OWN_SITE): Promise<JobView | null> {
  const [job] = await getJobs(tx, [id], sees);
  return job ?? null;
}

export async function getJobs(tx: Tx, ids: readonly string[], sees: Sees = OWN_SITE): Promise<JobView[]> {
  if (ids.length === 0) return [];
  const found = await tx.rows(sql<JobListRow>`
    select ${COLUMNS} from job j ${hostOf(tx.orgId)}
     where j.org_id = ${tx.orgId} and j.id = any(${[...ids]}::uuid[])`);
  return await withWaits(tx, found, sees);
}

async function withWaits(tx: Tx, rows: readonly JobListRow[], sees: Sees): Promise<JobView[]> {
  const waiting = rows.filter((row) => row.state === 'waiting').map((row) => row.id);
  const waits = await loadWaits(tx, waiting, sees);
  return rows.map((row) => ({
    ...row,
    wait: waits.get(row.id) ?? hostSilence(row, tx.registry.kinds) ?? ownWords(row),
  }));
}

/** What the program itself says why nothing moves. */
function ownWords({ state, progress }: JobListRow): JobWait | null {
  const note = state === 'running' || state === 'cancelling' ? progress?.note : null;
  return typeof note === 'string' ? saysItself(note) : null;
}
