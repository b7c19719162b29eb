import { sql } from 'kysely';
import type { EventTopic } from '../../catalog/events.ts';
import type { Actor } from '../../domain/core/actor.ts';
import type { Clock } from '../../lib/clock.ts';
import { newUuid, type RandomBytes } from '../../lib/ids.ts';
import type { Tx } from '../core/transaction.ts';

/** Who changes something by hand, and in which request. */
export interface ChangeParts {
  readonly actor: Actor;
  readonly requestId: string;
  readonly clock: Clock;
  readonly random: RandomBytes;
}

export interface Change {
  /** For the audit: `repository.create`. */
  readonly action: string;
  readonly topic: EventTopic;
  readonly object: { readonly kind: string; readonly id: string; readonly label: string; readonly version: number };
  /** What the audit says beyond that. Never a secret. */
  readonly data: Record<string, unknown>;
}

/** The audit event and the event of a change, in the transaction of the change. */
export async function tellChange(tx: Tx, change: Change, parts: ChangeParts): Promise<void> {
  tx.notify();
  const now = parts.clock.now();
  const { actor } = parts;
  const { kind, id, label, version } = change.object;
  await tx.run(sql`
    with a as (insert into audit_event(org_id, id, at, actor_kind, actor_id, actor_label, action, object_kind, object_id, object_label, outcome, request_id, data)
      values (${tx.orgId}, ${newUuid(parts.clock, parts.random)}, ${now}::timestamptz, ${actor.kind}, ${actor.id}, ${actor.label}, ${change.action}, ${kind},
        ${id}, ${label}, 'ok', ${parts.requestId}, ${JSON.stringify(change.data)}::jsonb))
    insert into event(org_id, topic, subject_id, data, at)
      values (${tx.orgId}, ${change.topic}, ${id}, jsonb_build_object('version', ${version}::int), ${now}::timestamptz)`);
}
