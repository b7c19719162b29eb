import { sql } from 'kysely';
import type { AttemptReport, ReportAnswer } from '../../domain/jobs/agent-protocol.ts';
import type { Clock } from '../../lib/clock.ts';
import { newUuid, type RandomBytes } from '../../lib/ids.ts';
import type { Doors } from '../core/doors.ts';
import { claimAttempt } from '../jobs/run/claim-attempt.ts';
import { type HostRun, hostRuns } from '../jobs/run/host-runs.ts';
import { reportAttempt } from '../jobs/run/report-attempt.ts';
import type { SealedRow } from '../jobs/run/touch-attempt.ts';
import { type BeatsLeft, type HelloFacts, hello, type LeaseBeat, renewAllLeases } from './presence.ts';
import { gatewayLives } from './silence.ts';

interface Host {
  readonly orgId: string;
  readonly hostId: string;
  readonly hostName: string;
}
interface Ticket {
  readonly jobId: string;
  readonly runNo: number;
  readonly runId: string;
  readonly attempt: number;
  readonly activity: string;
}
type Claimed =
  | { readonly verdict: 'claimed'; readonly work: unknown; readonly secrets: readonly SealedRow[] }
  | { readonly verdict: 'refused'; readonly reason: string };

const UNIQUE_VIOLATION = '23505';

// long: a list of short calls, each one transaction; they share the doors and nothing else.
/** What the gateway remembers and asks, on the gateway's login; shaped as `gateway/store.ts` wants it. Each call is one transaction. */
export function gatewayStore(doors: Doors, clock: Clock, random: RandomBytes) {
  const identity = (host: Host, ticket: Ticket, tokenHash: Buffer) => ({
    orgId: host.orgId,
    hostId: host.hostId,
    ...ticket,
    tokenHash,
  });
  return {
    authenticate: (orgId: string, hostId: string, credentialHash: Buffer): Promise<Host | null> =>
      doors.inOrg(orgId, async (tx) => {
        const found = await sql<Host>`
          select h.org_id as "orgId", h.id as "hostId", h.name as "hostName" from host_credential c
            join host h on h.org_id = c.org_id and h.id = c.host_id
           where c.org_id = ${orgId} and c.host_id = ${hostId} and c.token_hash = ${credentialHash} and c.revoked_at is null`.execute(
          tx.sql,
        );
        return found.rows[0] ?? null;
      }),
    hello: (host: Host, facts: HelloFacts, address: string): Promise<{ epoch: number }> =>
      doors.inOrg(host.orgId, (tx) => hello(tx, host, facts, address, clock.now())),
    epoch: (host: Host): Promise<{ epoch: number; commandQueue: string | null }> =>
      doors.inOrg(host.orgId, async (tx) => {
        const found = await sql<{ epoch: number; commandQueue: string | null }>`
          select epoch, command_queue as "commandQueue" from host where org_id = ${host.orgId} and id = ${host.hostId}`.execute(
          tx.sql,
        );
        return found.rows[0] ?? { epoch: 0, commandQueue: null };
      }),
    bindCommandQueue: (host: Host, epoch: number, queue: string): Promise<boolean> =>
      doors
        .inOrg(host.orgId, async (tx) => {
          const bound =
            await sql`update host set command_queue = ${queue} where org_id = ${host.orgId} and id = ${host.hostId}
            and epoch = ${epoch} and (command_queue is null or command_queue = ${queue})`.execute(tx.sql);
          return Number(bound.numAffectedRows ?? 0) === 1;
        })
        .catch((thrown) => {
          // Another host listens there, maybe of an organisation that this login cannot see.
          if ((thrown as { code?: unknown }).code === UNIQUE_VIOLATION) return false;
          throw thrown;
        }),
    beats: (beats: readonly LeaseBeat[]): Promise<BeatsLeft> => renewAllLeases(doors, beats),
    hostRuns: (host: Host): Promise<HostRun[]> => doors.inOrg(host.orgId, (tx) => hostRuns(tx, host)),
    claim: (host: Host, ticket: Ticket, tokenHash: Buffer): Promise<Claimed> =>
      doors.inOrg(host.orgId, (tx) =>
        claimAttempt(tx, identity(host, ticket, tokenHash), newUuid(clock, random), clock.now()),
      ),
    report: (host: Host, ticket: Ticket, tokenHash: Buffer, report: AttemptReport): Promise<ReportAnswer> => {
      const who = identity(host, ticket, tokenHash);
      return doors.inOrg(host.orgId, (tx) => reportAttempt(tx, who, report, newUuid(clock, random), clock.now()));
    },
    lives: (justStarted: boolean): Promise<void> =>
      doors.acrossOrgs('gateway: sign of life', (tx) => gatewayLives(tx, justStarted, clock.now())),
    refused: (host: Host, what: string, detail: string, times: number): Promise<void> =>
      doors.inOrg(host.orgId, async (tx) => {
        await sql`insert into audit_event(org_id, id, at, actor_kind, actor_id, actor_label, action, object_kind, object_id, object_label, outcome, data)
          values (${host.orgId}, ${newUuid(clock, random)}, ${clock.now()}::timestamptz, 'agent', ${host.hostId}, ${host.hostName}, 'gateway.refuse',
            'host', ${host.hostId}, ${host.hostName}, 'refused',
            jsonb_build_object('call', ${what}::text, 'detail', ${detail}::text, 'times', ${times}::int))`.execute(
          tx.sql,
        );
      }),
    auditGap: (orgId: string, events: number, since: Date): Promise<void> =>
      doors.inOrg(orgId, async (tx) => {
        await sql`insert into audit_event(org_id, id, at, actor_kind, actor_label, action, object_kind, object_id, object_label, outcome, data)
          values (${orgId}, ${newUuid(clock, random)}, ${clock.now()}::timestamptz, 'system', 'gateway', 'audit.gap', 'organization', ${orgId}, 'audit',
            'failed', jsonb_build_object('events', ${events}::int, 'since', ${since.toISOString()}::text))`.execute(
          tx.sql,
        );
      }),
  };
}
