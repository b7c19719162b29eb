import { sql } from 'kysely';
import { publicId } from '../../lib/ids.ts';
import type { Tx } from '../doors.ts';
import { rfc3339 } from './page.ts';

/** Why a job waits, for people, and how many are before it. */
export interface JobWait {
  readonly words: string;
  /** Its place among the jobs that wait for the same host or repository; 1 is next. Null while its host is away. */
  readonly position: number | null;
  /** The job it waits behind. */
  readonly behindJobId: string | null;
}

interface Row {
  id: string;
  reason: string | null;
  host_name: string | null;
  last_seen_at: string | null;
  behind_id: string | null;
  behind_title: string | null;
  behind_actor: string | null;
  behind_holds: boolean | null;
  ahead: number;
}

/**
 * Of each waiting job: who is in the way. That is a job that holds one of its keys and leaves it no room, else the job
 * that waits for one of its keys before it.
 */
export async function loadWaits(tx: Tx, orgId: string, jobIds: readonly string[]): Promise<Map<string, JobWait>> {
  if (jobIds.length === 0) return new Map();
  const found = await sql<Row>`
    select j.id, j.reason, h.name as host_name, h.last_seen_at, b.id as behind_id, b.title as behind_title, b.actor_label as behind_actor,
           c.holds as behind_holds,
           (select count(distinct o.job_id)::int from lock_request r join lock_request o on o.org_id = r.org_id and o.key = r.key and o.seq < r.seq and o.ready
             where r.org_id = j.org_id and r.job_id = j.id) as ahead
      from job j left join host h on h.org_id = j.org_id and h.id = j.host_id
      left join lateral (
        -- One is chosen before its job is looked up: joined first, a planner without statistics read all jobs for each of them.
        (select s.job_id, true as holds from lock_request r join lock_key k on k.org_id = r.org_id and k.key = r.key
           join lock_slot s on s.org_id = r.org_id and s.key = r.key
          where r.org_id = j.org_id and r.job_id = j.id and (r.mode = 'x' or k.excl or k.used >= k.slots)
          order by k.is_host desc, s.slot limit 1)
        union all
        (select o.job_id, false from lock_request r join lock_request o on o.org_id = r.org_id and o.key = r.key and o.seq < r.seq and o.ready
          where r.org_id = j.org_id and r.job_id = j.id order by o.seq desc limit 1)
        order by holds desc limit 1) c on true
      left join job b on b.org_id = j.org_id and b.id = c.job_id
     where j.org_id = ${orgId} and j.id = any(${[...jobIds]}::uuid[])`.execute(tx.sql);
  return new Map(found.rows.map((row) => [row.id, waitOf(row)]));
}

function waitOf(row: Row): JobWait {
  if (row.reason === 'host_offline') {
    const away = row.last_seen_at === null ? 'has never been seen' : `is away since ${rfc3339(row.last_seen_at)}`;
    return { words: `host ${row.host_name ?? 'unknown'} ${away}`, position: null, behindJobId: null };
  }
  const position = row.ahead + 1;
  if (row.behind_id === null) return { words: 'it is about to be granted', position, behindJobId: null };
  const job = publicId('job', row.behind_id);
  const how = row.behind_holds ? '' : ', which waits too';
  return { words: `behind "${row.behind_title}" (${job}) of ${row.behind_actor}${how}`, position, behindJobId: job };
}
