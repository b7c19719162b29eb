import { sql } from 'kysely';
import type { BeatsLeft, HelloFacts, PresenceBeat } from '../../domain/hosts/gateway-store.ts';
import { LEASE_MS } from '../../domain/jobs/agent-protocol.ts';
import { bisect } from '../../lib/bisect.ts';
import { concurrently } from '../../lib/concurrently.ts';
import type { Database } from '../core/database.ts';
import type { Tx } from '../core/transaction.ts';

/** An agent came: a new epoch (older ones count for nothing from now on), what it says of itself, and a fresh lease. */
export async function hello(tx: Tx, hostId: string, facts: HelloFacts, address: string): Promise<{ epoch: number }> {
  const lease = new Date(tx.now.getTime() + LEASE_MS);
  const raised = await tx.first(sql<{ epoch: number }>`
    update host set epoch = epoch + 1, command_queue = null, address = ${address}, agent_version = ${facts.agentVersion},
        hostname = ${facts.hostname}, os = ${facts.os}, arch = ${facts.arch}, programs = ${JSON.stringify(facts.programs)}::jsonb,
        powers = ${JSON.stringify(facts.powers)}::jsonb, activities = ${JSON.stringify(facts.activities)}::jsonb, running_jobs = '[]',
        lease_until = ${lease}::timestamptz, last_seen_at = ${tx.now}::timestamptz, version = version + 1
     where org_id = ${tx.orgId} and id = ${hostId} returning epoch`);
  return { epoch: raised?.epoch ?? 0 };
}

/** Of the gateway's ten connections. */
const SIDE_BY_SIDE = 3;
/** An organisation whose rows are locked comes again a second later and holds up no other for longer than this. */
const LOCK_MS = '2000';

/** Renews the leases of hosts of many organisations. One that fails, an organisation or a host in it, is nobody else's matter. */
export async function renewAllLeases(database: Database, beats: readonly PresenceBeat[]): Promise<BeatsLeft> {
  const again: PresenceBeat[] = [];
  const dropped: PresenceBeat[] = [];
  let why: unknown = null;
  const renew = async (ofOrg: readonly PresenceBeat[]): Promise<void> => {
    const { orgId } = ofOrg[0]!;
    try {
      const write = (some: readonly PresenceBeat[]) => database.inOrganization(orgId, (tx) => renewLeases(tx, some));
      dropped.push(...(await bisect(ofOrg, write)));
    } catch (thrown) {
      why ??= thrown;
      again.push(...ofOrg);
    }
  };
  await concurrently(Map.groupBy(beats, ({ orgId }) => orgId).values(), SIDE_BY_SIDE, renew);
  return { again, dropped, thrown: why };
}

/**
 * Renews the leases of many hosts in one statement, each from when its beat arrived. A beat of an older epoch renews nothing, and
 * one that comes behind a newer one takes nothing back.
 */
async function renewLeases(tx: Tx, beats: readonly PresenceBeat[]): Promise<void> {
  const rows = beats.map((b) => ({
    id: b.hostId,
    epoch: b.epoch,
    running: b.runningJobs,
    arrived: b.arrivedAt,
    lease: new Date(b.arrivedAt.getTime() + LEASE_MS),
  }));
  // Ordered, so that two gateways that renew the same hosts cannot wait for each other in a circle.
  await Promise.all([
    tx.run(sql`select set_config('lock_timeout', ${LOCK_MS}, true)`),
    tx.run(sql`
    with b as (select * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as b(id uuid, epoch int, running jsonb, arrived timestamptz, lease timestamptz)),
    held as (select h.id from host h join b on b.id = h.id and b.epoch = h.epoch
       where h.org_id = ${tx.orgId} and (h.last_seen_at is null or h.last_seen_at <= b.arrived) order by h.id for update of h)
    update host h set lease_until = b.lease, last_seen_at = b.arrived, running_jobs = b.running
      from b join held on held.id = b.id where h.org_id = ${tx.orgId} and h.id = b.id`),
  ]);
}
