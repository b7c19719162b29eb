import { sql } from 'kysely';
import type { Actor } from '../../domain/core/actor.ts';
import type { Tx } from '../core/transaction.ts';

/** A cancel that was made in Temporal itself. */
export const TEMPORAL: Actor = { kind: 'temporal', id: null, label: 'temporal' };

export interface HandCancel {
  readonly orgId: string;
  readonly jobId: string;
  readonly title: string;
  readonly reason: string;
  readonly auditId: string;
  readonly now: Date;
}

/** Writes down that a running job is being cancelled from within Temporal, where nobody has to be told any more. */
export async function markCancelling(tx: Tx, cancel: HandCancel): Promise<void> {
  const { orgId, jobId, now, reason } = cancel;
  await tx.run(sql`
    with j as (update job set state = 'cancelling', cancel_requested_at = ${now}::timestamptz, cancel_actor = ${TEMPORAL.label},
        cancel_reason = ${reason}, version = version + 1 where org_id = ${orgId} and id = ${jobId} returning version),
    a as (insert into audit_event(org_id, id, at, actor_kind, actor_id, actor_label, action, object_kind, object_id, object_label, outcome, data)
      values (${orgId}, ${cancel.auditId}, ${now}::timestamptz, ${TEMPORAL.kind}, null, ${TEMPORAL.label}, 'job.cancel', 'job', ${jobId},
        ${cancel.title}, 'ok', jsonb_build_object('reason', ${reason}::text)))
    insert into event(org_id, topic, subject_id, data, at)
      select ${orgId}, 'job.changed', ${jobId}, jsonb_build_object('state', 'cancelling', 'version', version), ${now}::timestamptz from j`);
}
