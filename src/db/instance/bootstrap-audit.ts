import type pg from 'pg';
import type { Clock } from '../../lib/clock.ts';
import { newUuid, type RandomBytes } from '../../lib/ids.ts';

/** The client is on the owner's connection, which row-level security does not bind: no organisation exists yet to enter. */
export interface BootstrapParts {
  readonly client: pg.Client;
  readonly clock: Clock;
  readonly random: RandomBytes;
}

interface AuditFact {
  readonly action: string;
  readonly objectKind: string;
  readonly objectId: string;
  readonly objectLabel: string;
}

/** Told in the transaction of what it tells of. */
export async function audit({ client, clock, random }: BootstrapParts, orgId: string, fact: AuditFact): Promise<void> {
  await client.query(
    `insert into audit_event(org_id, id, at, actor_kind, actor_label, action, object_kind, object_id, object_label, outcome, data)
      values ($1, $2, $3, 'system', 'holdfast start', $4, $5, $6, $7, 'ok', '{}')`,
    [orgId, newUuid(clock, random), clock.now(), fact.action, fact.objectKind, fact.objectId, fact.objectLabel],
  );
}
