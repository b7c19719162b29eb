import { sql } from 'kysely';
import type { Doors } from '../../db/core/doors.ts';
import { organizationsWithForgotten, repeatGrants } from '../../db/jobs/repeat-grants.ts';
import { timeOutWaiting } from '../../db/jobs/time-out-waiting.ts';
import type { Clock } from '../../lib/clock.ts';
import type { RandomBytes } from '../../lib/ids.ts';
import type { Log } from '../../lib/log.ts';
import { sideBySide } from '../../lib/side-by-side.ts';
import type { Door } from '../../temporal/doors.ts';

export interface SweepParts {
  readonly doors: Doors;
  readonly door: Pick<Door, 'newClaim' | 'pass'>;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Log;
}

export const REPAIR_PERIOD_MS = 15_000;
/** Outlasts the pause. It reads all that waits (0.1 s at ten thousand jobs), so one replica does it. */
export const REPAIR_LEASE_MS = 2.5 * REPAIR_PERIOD_MS;
const OVERDUE = 200;

/** Each 15 s: jobs that waited too long or were forgotten. */
export async function sweepRepair(parts: SweepParts): Promise<'again' | 'rest'> {
  const { doors, door, clock } = parts;
  const overdue = await doors.acrossOrgs('sweep: overdue waits', (tx) =>
    sql<{ orgId: string; jobId: string }>`select org_id as "orgId", id as "jobId" from job where state = 'waiting'
      and queue_deadline_at < ${clock.now()}::timestamptz order by queue_deadline_at limit ${OVERDUE}`.execute(tx.sql),
  );
  const timeOut = async ({ orgId, jobId }: { orgId: string; jobId: string }) => {
    const claim = door.newClaim();
    await door.pass(await doors.inOrg(orgId, (tx) => timeOutWaiting(tx, orgId, jobId, { ...parts, claim })));
  };
  // Whatever fails with one of them: the others, and what was forgotten, are looked at all the same.
  const timedOut = await Promise.allSettled([sideBySide(overdue.rows, 1, timeOut)]);
  await sweepForgotten(parts);
  for (const one of timedOut) if (one.status === 'rejected') throw one.reason;
  return overdue.rows.length === OVERDUE ? 'again' : 'rest';
}

/** Repeats the grant pass where a job waits with nothing in its way; answers how many it found. Each is a fault of ours. */
export async function sweepForgotten({ doors, door, log }: SweepParts): Promise<number> {
  let found = 0;
  await sideBySide(await doors.acrossOrgs('sweep: forgotten jobs', organizationsWithForgotten), 1, async (orgId) => {
    const claim = door.newClaim();
    const starts = await doors.inOrg(orgId, (tx) => repeatGrants(tx, orgId, claim));
    found += starts.length;
    await door.pass(starts);
  });
  if (found > 0) log.error({ jobs: found }, 'jobs waited although nothing was in their way');
  return found;
}
