import type { EventTopic } from '../../catalog/events.ts';
import type { Tx } from '../core/transaction.ts';
import { record } from './record.ts';

export interface Change {
  /** For the audit: `repository.create`. */
  readonly action: string;
  readonly topic: EventTopic;
  readonly object: { readonly kind: string; readonly id: string; readonly label: string; readonly version: number };
  /** What the audit says beyond that. Never a secret. */
  readonly data: Record<string, unknown>;
}

/** The audit event and the event of a change, in the transaction of the change. */
export async function tellChange(tx: Tx, { action, object, topic, data }: Change): Promise<void> {
  await record(tx, {
    audit: { action, object, data },
    event: { topic, subjectId: object.id, data: { version: object.version } },
  });
}
