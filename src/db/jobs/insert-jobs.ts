import { sql } from 'kysely';
import type { Actor, Trigger } from '../../domain/core/actor.ts';
import type { JobFacts } from '../../domain/jobs/facts.ts';
import { type KeyWish, NO_HOST } from '../../domain/jobs/lock.ts';
import { type Fact, recorded } from '../audit/record.ts';
import type { IdempotencyKeyUse } from '../core/idempotency.ts';
import type { Tx } from '../core/transaction.ts';

/** A job that was judged good, with everything its rows need. Ids are uuids. */
export interface NewJob {
  readonly id: string;
  readonly auditId: string;
  readonly kind: string;
  readonly title: string;
  readonly facts: JobFacts;
  readonly params: Record<string, unknown>;
  readonly trigger: Trigger;
  readonly actor: Actor;
  readonly requestId: string;
  readonly idempotency: IdempotencyKeyUse | null;
  readonly keys: readonly KeyWish[];
  readonly queueDeadlineAt: Date;
}

const rowOf = (job: NewJob, no: number) => ({
  no,
  id: job.id,
  audit_id: job.auditId,
  kind: job.kind,
  title: job.title,
  host_id: job.facts.subjects.host?.id ?? null,
  site_id: job.facts.subjects.host?.siteId ?? null,
  repository_id: job.facts.subjects.repository?.id ?? null,
  plan_id: job.facts.subjects.plan?.id ?? null,
  params: job.params,
  trigger: job.trigger,
  actor_kind: job.actor.kind,
  actor_id: job.actor.id,
  actor_label: job.actor.label,
  request_id: job.requestId,
  ready: job.facts.subjects.host?.online ?? true,
  deadline: job.queueDeadlineAt,
  idem_principal: job.idempotency?.principal ?? null,
  idem_route: job.idempotency?.route ?? null,
  idem_key: job.idempotency?.key ?? null,
  idem_hash: job.idempotency?.bodyHash.toString('hex') ?? null,
  keys: job.keys.map((k) => ({ key: k.key, mode: k.mode, slots: k.slots, is_host: k.isHost })),
});

const ACCEPTED: Fact = {
  from: sql`asked`,
  audit: {
    id: sql`audit_id`,
    actor: { kind: sql`actor_kind`, id: sql`actor_id`, label: sql`actor_label` },
    requestId: sql`request_id`,
    action: 'job.start',
    object: { kind: 'job', id: sql`id`, label: sql`title` },
    data: { kind: sql`kind`, trigger: sql`trigger` },
  },
  event: { topic: 'job.changed', subjectId: sql`id`, data: { state: 'waiting', version: 1 } },
};

/**
 * Writes the rows of accepted jobs in one statement: job, audit event, event, idempotency key, keys and requests for
 * them. All start as `waiting`; the grant pass comes after, in the same transaction. The order of `jobs` is their order
 * in the queue.
 */
export async function insertJobs(tx: Tx, jobs: readonly NewJob[]): Promise<void> {
  await tx.run(sql`
    with asked as materialized (
      select a.*, nextval('job_order') as seq from (select * from jsonb_to_recordset(${JSON.stringify(jobs.map(rowOf))}::jsonb) as a(no int, id uuid, audit_id uuid, kind text,
        title text, host_id uuid, site_id uuid, repository_id uuid, plan_id uuid, params jsonb, trigger text, actor_kind text, actor_id uuid,
        actor_label text, request_id text, ready boolean, deadline timestamptz, idem_principal text, idem_route text, idem_key text,
        idem_hash text, keys jsonb) order by a.no) a),
    j as (insert into job(org_id, id, kind, title, state, reason, host_id, site_id, repository_id, plan_id, params, trigger, actor_kind, actor_id,
        actor_label, request_id, seq, accepted_at, accepted_day, queue_deadline_at)
      select ${tx.orgId}, id, kind, title, 'waiting', case when ready then 'lock' else 'host_offline' end, host_id, site_id, repository_id, plan_id,
        params, trigger, actor_kind, actor_id, actor_label, request_id, seq, ${tx.now}::timestamptz, (${tx.now}::timestamptz at time zone 'UTC')::date, deadline from asked),
    ${recorded(tx, ACCEPTED)},
    i as (insert into idempotency_key(org_id, principal, route, key, body_hash, subject_id, created_at)
      select ${tx.orgId}, idem_principal, idem_route, idem_key, decode(idem_hash, 'hex'), id, ${tx.now}::timestamptz from asked where idem_key is not null),
    wished as (select a.id, a.seq, a.ready, coalesce(a.host_id, ${NO_HOST}::uuid) as host, k.* from asked a,
      jsonb_to_recordset(a.keys) as k(key text, mode text, slots int, is_host boolean)),
    k as (insert into lock_key(org_id, key, slots, is_host) select distinct on (key) ${tx.orgId}::uuid, key, slots, is_host from wished on conflict do nothing)
    insert into lock_request(org_id, job_id, key, mode, seq, host, ready)
      select ${tx.orgId}, id, key, mode::"char", seq, host, ready from wished`);
}
