import { sql } from 'kysely';
import type { Doors, Tx } from '../../db/doors.ts';
import { changePresence } from '../../db/statements/grant.ts';
import { lockOrganization } from '../../db/statements/lock-organization.ts';
import { loadStartOrders } from '../../db/statements/start-orders.ts';
import { timeOutWaiting } from '../../db/writes/time-out-waiting.ts';
import type { Clock } from '../../lib/clock.ts';
import type { RandomBytes } from '../../lib/ids.ts';
import type { Door } from '../../temporal/doors.ts';

export interface SweepParts {
  readonly doors: Doors;
  readonly door: Door;
  readonly clock: Clock;
  readonly random: RandomBytes;
}

interface ChangedHost {
  orgId: string;
  hostId: string;
  present: boolean;
}

/** Hosts whose lease says something else than their row: two index scans, whatever the number of hosts. */
async function changedHosts(tx: Tx, now: Date): Promise<ChangedHost[]> {
  const found = await sql<ChangedHost>`
    select org_id as "orgId", id as "hostId", false as present from host where present and lease_until < ${now}::timestamptz
    union all
    select org_id, id, true from host where not present and lease_until >= ${now}::timestamptz
    limit 500`.execute(tx.sql);
  return found.rows;
}

/** Each second: hosts that came or went, and what that grants. */
export async function sweepPresence({ doors, door, clock }: SweepParts): Promise<'again' | 'rest'> {
  const changed = await doors.acrossOrgs('sweep: presence', (tx) => changedHosts(tx, clock.now()));
  for (const { orgId, hostId, present } of changed) {
    const claim = door.newClaim();
    const starts = await doors.inOrg(orgId, async (tx) => {
      await lockOrganization(tx, orgId);
      return loadStartOrders(tx, orgId, await changePresence(tx, orgId, hostId, present, claim));
    });
    await door.pass(starts);
  }
  return 'rest';
}

/** Each 15 s: jobs that waited too long. */
export async function sweepRepair(parts: SweepParts): Promise<'again' | 'rest'> {
  const { doors, door, clock } = parts;
  const overdue = await doors.acrossOrgs('sweep: overdue waits', (tx) =>
    sql<{ orgId: string; jobId: string }>`select org_id as "orgId", id as "jobId" from job where state = 'waiting'
      and queue_deadline_at < ${clock.now()}::timestamptz limit 200`.execute(tx.sql),
  );
  for (const { orgId, jobId } of overdue.rows) {
    const claim = door.newClaim();
    await door.pass(await doors.inOrg(orgId, (tx) => timeOutWaiting(tx, orgId, jobId, { ...parts, claim })));
  }
  return 'rest';
}
