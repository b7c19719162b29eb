import { sql } from 'kysely';
import type { AttemptTicket, GatewayStore, HostIdentity } from '../../domain/hosts/gateway-store.ts';
import { record } from '../audit/record.ts';
import type { Database } from '../core/database.ts';
import { claimAttempt } from '../jobs/run/claim-attempt.ts';
import { hostRuns } from '../jobs/run/host-runs.ts';
import { reportAttempt } from '../jobs/run/report-attempt.ts';
import { hello, renewAllLeases } from './presence.ts';
import { gatewayLives } from './silence.ts';

const UNIQUE_VIOLATION = '23505';

// long: a list of short calls, each one transaction; they share the database and nothing else.
/** What the gateway remembers and asks, on the gateway's login; shaped as `domain/hosts/gateway-store.ts` wants it. Each call is one transaction. */
export function gatewayStore(database: Database): GatewayStore {
  const identity = (host: HostIdentity, ticket: AttemptTicket, tokenHash: Buffer) => ({
    orgId: host.orgId,
    hostId: host.hostId,
    ...ticket,
    tokenHash,
  });
  return {
    authenticate: (orgId, hostId, credentialHash) =>
      database.inOrganization(orgId, (tx) =>
        tx.first(sql<HostIdentity>`
          select h.org_id as "orgId", h.id as "hostId", h.name as "hostName" from host_credential c
            join host h on h.org_id = c.org_id and h.id = c.host_id
           where c.org_id = ${tx.orgId} and c.host_id = ${hostId} and c.token_hash = ${credentialHash} and c.revoked_at is null`),
      ),
    hello: (host, facts, address) =>
      database.inOrganization(host.orgId, (tx) => hello(tx, host.hostId, facts, address)),
    epoch: (host) =>
      database.inOrganization(host.orgId, async (tx) => {
        const found = await tx.first(sql<{ epoch: number; commandQueue: string | null }>`
          select epoch, command_queue as "commandQueue" from host where org_id = ${tx.orgId} and id = ${host.hostId}`);
        return found ?? { epoch: 0, commandQueue: null };
      }),
    bindCommandQueue: (host, epoch, queue) =>
      database
        .inOrganization(host.orgId, async (tx) => {
          const bound =
            await tx.run(sql`update host set command_queue = ${queue} where org_id = ${tx.orgId} and id = ${host.hostId}
            and epoch = ${epoch} and (command_queue is null or command_queue = ${queue})`);
          return bound === 1;
        })
        .catch((thrown) => {
          // Another host listens there, maybe of an organisation that this login cannot see.
          if ((thrown as { code?: unknown }).code === UNIQUE_VIOLATION) return false;
          throw thrown;
        }),
    beats: (beats) => renewAllLeases(database, beats),
    hostRuns: (host) => database.inOrganization(host.orgId, (tx) => hostRuns(tx, host)),
    claim: (host, ticket, tokenHash) =>
      database.inOrganization(host.orgId, (tx) =>
        claimAttempt(tx, identity(host, ticket, tokenHash), tx.newId(), tx.now),
      ),
    report: (host, ticket, tokenHash, report) => {
      const who = identity(host, ticket, tokenHash);
      return database.inOrganization(host.orgId, (tx) => reportAttempt(tx, who, report, tx.newId(), tx.now));
    },
    heartbeat: (justStarted) =>
      database.acrossOrganizations('gateway: sign of life', (tx) => gatewayLives(tx, justStarted)),
    refused: (host, what, detail, times) => {
      const { orgId, hostId, hostName } = host;
      const actor = { kind: 'agent', id: hostId, label: hostName } as const;
      const object = { kind: 'host', id: hostId, label: hostName };
      const data = { call: what, detail, times };
      return database.inOrganization({ orgId, actor, requestId: null }, (tx) =>
        record(tx, { audit: { action: 'gateway.refuse', object, outcome: 'refused', data } }),
      );
    },
    auditGap: (orgId, events, since) => {
      const actor = { kind: 'system', id: null, label: 'gateway' } as const;
      const object = { kind: 'organization', id: orgId, label: 'audit' };
      return database.inOrganization({ orgId, actor, requestId: null }, (tx) =>
        record(tx, { audit: { action: 'audit.gap', object, outcome: 'failed', data: { events, since } } }),
      );
    },
  };
}
