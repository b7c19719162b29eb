import { sql } from 'kysely';
import { organizationsWithForgotten, repeatGrants } from '../../db/jobs/repeat-grants.ts';
import { timeOutWaiting } from '../../db/jobs/time-out-waiting.ts';
import { concurrently } from '../../lib/concurrently.ts';
import type { LoopParts } from '../core/loop-parts.ts';

export const REPAIR_PERIOD_MS = 15_000;
/** Outlasts the pause. It reads all that waits (0.1 s at ten thousand jobs), so one replica does it. */
export const REPAIR_LEASE_MS = 2.5 * REPAIR_PERIOD_MS;
const OVERDUE = 200;

/** Each 15 s: jobs that waited too long or were forgotten. */
export async function sweepRepair(parts: LoopParts<'startRuns'>): Promise<'again' | 'rest'> {
  const { database, engine } = parts;
  const overdue = await database.acrossOrganizations('sweep: overdue waits', (tx) =>
    tx.rows(sql<{
      orgId: string;
      jobId: string;
    }>`select org_id as "orgId", id as "jobId" from job where state = 'waiting'
      and queue_deadline_at < ${tx.now}::timestamptz order by queue_deadline_at limit ${OVERDUE}`),
  );
  const timeOut = async ({ orgId, jobId }: { orgId: string; jobId: string }) => {
    await engine.startRuns(await database.inOrganization(orgId, (tx) => timeOutWaiting(tx, jobId)));
  };
  // Whatever fails with one of them: the others, and what was forgotten, are looked at all the same.
  const timedOut = await Promise.allSettled([concurrently(overdue, 1, timeOut)]);
  await sweepForgotten(parts);
  for (const one of timedOut) if (one.status === 'rejected') throw one.reason;
  return overdue.length === OVERDUE ? 'again' : 'rest';
}

/** Repeats the grant pass where a job waits with nothing in its way; returns how many it found. Each is a fault of ours. */
export async function sweepForgotten({
  database,
  engine,
  log,
}: Pick<LoopParts<'startRuns'>, 'database' | 'engine' | 'log'>): Promise<number> {
  let found = 0;
  await concurrently(
    await database.acrossOrganizations('sweep: forgotten jobs', organizationsWithForgotten),
    1,
    async (orgId) => {
      const starts = await database.inOrganization(orgId, repeatGrants);
      found += starts.length;
      await engine.startRuns(starts);
    },
  );
  if (found > 0) log.error({ jobs: found }, 'grant pass missed ready jobs');
  return found;
}
