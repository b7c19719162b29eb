import { sql } from 'kysely';
import { type JobWait, waitsBehind, waitsForCap, waitsForGrant, waitsForHost } from '../../domain/jobs/job-wait.ts';
import { publicId } from '../../lib/ids.ts';
import { rfc3339 } from '../core/page.ts';
import type { Tx } from '../core/transaction.ts';

/** May the reader see jobs of that site (null: of none)? `own` is the site of the job that waits, which he sees. */
export type Sees = (siteId: string | null, own: string | null) => boolean;

/** What everybody may know who sees the job that waits: streams tell all their viewers the same. */
export const OWN_SITE: Sees = (siteId, own) => siteId === own;

interface Row {
  id: string;
  site_id: string | null;
  reason: string | null;
  host_name: string | null;
  last_seen_at: string | null;
  behind_id: string | null;
  behind_title: string | null;
  behind_actor: string | null;
  behind_site: string | null;
  behind_holds: boolean | null;
  /** The site or repository that has as many jobs as its cap lets it, and how many that are. */
  cap_of: string | null;
  cap_slots: number | null;
  cap_used: number | null;
  holders: { id: string; title: string; actor: string; site: string | null }[] | null;
  ahead: number;
}

/** Of the jobs that hold a cap so many are named. */
const MOST_NAMED = 3;

/** Nobody counts further: at ten thousand that wait, a page of them would else read a million requests. */
export const MOST_AHEAD = 100;

/**
 * Of each waiting job: who is in the way. That is a job that holds one of its keys and leaves it no room, else the job
 * that waits for one of its keys before it. Written with laterals, so that each step reads what it needs by index: as
 * joins they read all requests for a key, or all slots, for each job.
 */
export async function loadWaits(tx: Tx, jobIds: readonly string[], sees: Sees): Promise<Map<string, JobWait>> {
  if (jobIds.length === 0) return new Map();
  const found = await tx.rows(sql<Row>`
    select j.id, j.site_id, j.reason, h.name as host_name, h.last_seen_at, b.id as behind_id, b.title as behind_title, b.actor_label as behind_actor, b.site_id as behind_site,
           c.holds as behind_holds, p.ahead, c.slots as cap_slots, c.used as cap_used, n.holders,
           case when c.cap like 'site/%' then (select 'site ' || name from site where org_id = ${tx.orgId} and id = split_part(c.cap, '/', 2)::uuid)
                when c.cap like 'repository/%' then (select 'repository ' || name from repository where org_id = ${tx.orgId} and id = split_part(c.cap, '/', 2)::uuid) end as cap_of
      from unnest(${[...jobIds]}::uuid[]) as wanted(id)
      cross join lateral (select * from job where org_id = ${tx.orgId} and id = wanted.id limit 1) j
      left join lateral (select * from host where org_id = ${tx.orgId} and id = j.host_id limit 1) h on true
      cross join lateral (
        select least(count(distinct o.job_id), ${MOST_AHEAD})::int as ahead from (${sqlBlocking(tx.orgId)}) r cross join lateral (
          select job_id from lock_request where org_id = ${tx.orgId} and key = r.key and seq < r.seq and ready order by seq limit ${MOST_AHEAD}) o) p
      left join lateral (
        (select s.job_id, true as holds, r.cap, r.slots, r.used from (${sqlBlocking(tx.orgId)}) r cross join lateral (
            select job_id from lock_slot where org_id = ${tx.orgId} and key = r.key order by slot limit 1) s
          where r.is_full order by r.is_host desc limit 1)
        union all
        (select o.job_id, false, null, null, null from (${sqlBlocking(tx.orgId)}) r cross join lateral (
            select job_id, seq from lock_request where org_id = ${tx.orgId} and key = r.key and seq < r.seq and ready order by seq desc limit 1) o
          order by o.seq desc limit 1)
        order by holds desc limit 1) c on true
      left join lateral (select * from job where org_id = ${tx.orgId} and id = c.job_id limit 1) b on true
      left join lateral (
        select jsonb_agg(jsonb_build_object('id', o.id, 'title', o.title, 'actor', o.actor_label, 'site', o.site_id)) as holders
          from (select job_id from lock_slot where org_id = ${tx.orgId} and key = c.cap order by slot limit ${MOST_NAMED}) s
          cross join lateral (select * from job where org_id = ${tx.orgId} and id = s.job_id limit 1) o) n on c.cap is not null`);
  return new Map(found.map((row) => [row.id, waitOf(row, (siteId) => sees(siteId, row.site_id))]));
}

/** The requests of job `j` whose key leaves it no room, or is closed to it by one that came before. */
const sqlBlocking = (orgId: string) => sql`
  select q.key, q.seq, k.is_host, k.is_full, k.slots, k.used, case when q.mode = 's' and not k.excl then q.key end as cap from lock_request q cross join lateral (
    select is_host, excl, slots, used, closed_seq, ((q.mode = 'x' and used > 0) or excl or used >= slots) as is_full from lock_key where org_id = ${orgId} and key = q.key limit 1) k
   where q.org_id = ${orgId} and q.job_id = j.id and (k.is_full or coalesce(k.closed_seq < q.seq, false))`;

function waitOf(row: Row, sees: (siteId: string | null) => boolean): JobWait {
  if (row.reason === 'host_offline') return waitsForHost(row.host_name, rfc3339(row.last_seen_at));
  const position = row.ahead + 1;
  if (row.behind_id === null) return waitsForGrant(position);
  const behind = sees(row.behind_site)
    ? { id: publicId('job', row.behind_id), title: row.behind_title!, actor: row.behind_actor! }
    : null;
  if (row.cap_of === null || row.holders === null) return waitsBehind(behind, !row.behind_holds, position);
  const holders = row.holders.filter(({ site }) => sees(site)).map((one) => ({ ...one, id: publicId('job', one.id) }));
  const cap = { of: row.cap_of, slots: row.cap_slots!, used: row.cap_used! };
  return waitsForCap(cap, holders, position, behind?.id ?? null);
}
