import { sql } from 'kysely';
import { LEASE_MS } from '../../domain/agent-protocol.ts';
import type { Tx } from '../doors.ts';

export interface HelloFacts {
  readonly agentVersion: string;
  readonly hostname: string;
  readonly os: string;
  readonly arch: string;
  readonly programs: readonly unknown[];
  readonly powers: readonly string[];
  readonly activities: readonly string[];
}

/** An agent came: a new epoch (older ones count for nothing from now on), what it says of itself, and a fresh lease. */
export async function hello(
  tx: Tx,
  host: { orgId: string; hostId: string },
  facts: HelloFacts,
  address: string,
  now: Date,
): Promise<{ epoch: number }> {
  const lease = new Date(now.getTime() + LEASE_MS);
  const raised = await sql<{ epoch: number }>`
    update host set epoch = epoch + 1, command_queue = null, address = ${address}, agent_version = ${facts.agentVersion},
        hostname = ${facts.hostname}, os = ${facts.os}, arch = ${facts.arch}, programs = ${JSON.stringify(facts.programs)}::jsonb,
        powers = ${JSON.stringify(facts.powers)}::jsonb, activities = ${JSON.stringify(facts.activities)}::jsonb, running_jobs = '[]',
        lease_until = ${lease}::timestamptz, last_seen_at = ${now}::timestamptz, version = version + 1
     where org_id = ${host.orgId} and id = ${host.hostId} returning epoch`.execute(tx.sql);
  return { epoch: raised.rows[0]?.epoch ?? 0 };
}

/** Renews the leases of many hosts in one statement. A beat of an older epoch renews nothing. */
export async function renewLeases(
  tx: Tx,
  orgId: string,
  beats: readonly { hostId: string; epoch: number; runningJobs: readonly string[] }[],
  now: Date,
): Promise<void> {
  const lease = new Date(now.getTime() + LEASE_MS);
  const rows = beats.map((b) => ({ id: b.hostId, epoch: b.epoch, running: b.runningJobs }));
  // Ordered, so that two gateways that renew the same hosts cannot wait for each other in a circle.
  await sql`
    with b as (select * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as b(id uuid, epoch int, running jsonb)),
    held as (select h.id from host h join b on b.id = h.id and b.epoch = h.epoch where h.org_id = ${orgId} order by h.id for update of h)
    update host h set lease_until = ${lease}::timestamptz, last_seen_at = ${now}::timestamptz, running_jobs = b.running
      from b join held on held.id = b.id where h.org_id = ${orgId} and h.id = b.id`.execute(tx.sql);
}
