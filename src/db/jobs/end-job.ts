import { sql } from 'kysely';
import type { Actor } from '../../domain/core/actor.ts';
import type { ItemFailure } from '../../domain/jobs/outcome.ts';
import type { Conclusion } from '../../kinds/core/conclude.ts';
import type { Tx } from '../core/transaction.ts';

export interface JobEnd {
  readonly orgId: string;
  readonly jobId: string;
  readonly title: string;
  readonly requestId: string;
  readonly conclusion: Conclusion;
  readonly failures: readonly ItemFailure[];
  readonly failureCount: number;
  readonly attempts: number;
  readonly actor: Actor;
  readonly auditId: string;
  readonly now: Date;
}

/** Makes the row terminal and tells it: job, event and audit event in one statement. Keys are given back beside it. */
export async function endJob(tx: Tx, end: JobEnd): Promise<void> {
  const { conclusion: c, orgId, jobId, now } = end;
  const failed = c.state === 'failed' || c.state === 'timed_out' || c.state === 'unknown';
  await tx.run(sql`
    with gone as (delete from outbox where org_id = ${orgId} and job_id = ${jobId}),
    j as (update job set state = ${c.state}, reason = null, verifying_until = null, outcome_code = ${c.code}, outcome_sentence = ${c.sentence}, outcome_next = ${c.next},
            counts = ${JSON.stringify(c.outcome.counts)}::jsonb, refs = ${JSON.stringify(c.outcome.refs)}::jsonb,
            failures = ${JSON.stringify(end.failures)}::jsonb, failure_count = ${end.failureCount}, attempts = ${end.attempts},
            finished_at = ${now}::timestamptz, version = version + 1
          where org_id = ${orgId} and id = ${jobId} returning version),
    a as (insert into audit_event(org_id, id, at, actor_kind, actor_id, actor_label, action, object_kind, object_id, object_label, outcome,
            request_id, data)
          values (${orgId}, ${end.auditId}, ${now}::timestamptz, ${end.actor.kind}, ${end.actor.id}, ${end.actor.label}, 'job.end', 'job',
            ${jobId}, ${end.title}, ${failed ? 'failed' : 'ok'}, ${end.requestId},
            jsonb_build_object('state', ${c.state}::text, 'code', ${c.code}::text)))
    insert into event(org_id, topic, subject_id, data, at)
      select ${orgId}, 'job.ended', ${jobId}, jsonb_build_object('state', ${c.state}::text, 'code', ${c.code}::text, 'version', version),
        ${now}::timestamptz from j`);
}
