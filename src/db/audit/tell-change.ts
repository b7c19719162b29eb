import type { EventTopic } from '../../catalog/events.ts';
import type { Actor } from '../../domain/core/actor.ts';
import type { Clock } from '../../lib/clock.ts';
import type { RandomBytes } from '../../lib/ids.ts';
import type { Tx } from '../core/transaction.ts';
import { record } from './record.ts';

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
  const { action, object, topic, data } = change;
  const { actor, requestId } = parts;
  await record(tx, {
    audit: { action, object, data, actor, requestId },
    event: { topic, subjectId: object.id, data: { version: object.version } },
  });
}
