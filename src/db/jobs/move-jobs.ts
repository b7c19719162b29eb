import { type RawBuilder, sql } from 'kysely';
import { isTerminal, type JobEffect, type JobFact, type JobState, transition } from '../../domain/jobs/job-state.ts';
import { type AuditFact, type Data, recorded, type Written } from '../audit/record.ts';
import type { Tx } from '../core/transaction.ts';

/** FT-2 wants a start that was cut off between commit and Temporal to be sent within 10 s. */
const COMMITTER_CLAIM_MS = 5_000;

/** The jobs that something happened to: all in one state, as it was read under the organisation's lock. */
export interface Movable {
  readonly ids: readonly string[] | RawBuilder<unknown>;
  readonly state: JobState;
}

export interface Move {
  /** Other columns that change with it; `reason` stays what it is unless it stands here. */
  readonly set?: Readonly<Record<string, Written<unknown>>>;
  /** What the event says beside state, reason and version. */
  readonly data?: Data;
  /** Of a single job. */
  readonly audit?: Omit<AuditFact, 'object'>;
}

/**
 * Does to jobs what the table of `job-state.ts` says of a fact: row, version, event, and what is to be sent. Nothing else changes
 * a state but `lock_try`, for `granted`: a pass grants many one after the other inside one statement.
 */
export async function moveJobs(tx: Tx, jobs: Movable, fact: JobFact, move: Move = {}): Promise<void> {
  await tx.run(sql`with ${moved(tx, jobs, fact, move)} select 1`);
}

/** The same as the CTEs of a statement that does something besides; its rows are those of `moved`. */
export function moved(tx: Tx, { ids, state }: Movable, fact: JobFact, move: Move): RawBuilder<unknown> {
  const next = transition(state, fact);
  if (next === null) throw new Error(`a job that is ${state} cannot go on by ${fact}`);
  const has = (effect: JobEffect) => next.effects.includes(effect);
  const jobIds = 'toOperationNode' in ids ? ids : sql`${[...ids]}::uuid[]`;
  const set = {
    ...(has('next-run') ? { run_no: sql`run_no + 1`, run_id: null } : {}),
    ...(isTerminal(next.state) ? { reason: null, verifying_until: null, finished_at: tx.now } : {}),
    ...move.set,
  };
  const columns = Object.entries(set).map(([name, value]) => sql`, ${sql.ref(name)} = ${value}`);
  const parts = [
    sql`moved as (update job set state = ${next.state}, version = version + 1${sql.join(columns, sql``)}
      where org_id = ${tx.orgId} and id = any(${jobIds}) and state = ${state} returning id, title, reason, run_no, version)`,
  ];
  if (has('drop-sends')) parts.push(dropped(tx, jobIds, sql``));
  if (has('drop-start')) parts.push(dropped(tx, jobIds, sql`and kind = 'start'`));
  if (has('send-start')) parts.push(sent(tx, 'start'));
  if (has('send-cancel')) parts.push(sent(tx, 'cancel'));
  const object = { kind: 'job', id: sql<string>`id`, label: sql<string>`title` };
  const audit = move.audit && { ...move.audit, object };
  const about = has('tell-end') ? {} : { reason: sql`reason` };
  const data = { state: next.state, ...about, version: sql`version`, ...move.data };
  const topic = has('tell-end') ? 'job.ended' : 'job.changed';
  return sql.join([...parts, recorded(tx, { from: sql`moved`, audit, event: { topic, subjectId: object.id, data } })]);
}

const dropped = (tx: Tx, jobIds: RawBuilder<unknown>, which: RawBuilder<unknown>) =>
  sql`dropped as (delete from outbox where org_id = ${tx.orgId} and job_id = any(${jobIds}) ${which})`;

/** Outbox entries are written already claimed by who commits them; if it dies before it has sent them, the pump takes over. */
export const claimedUntil = (tx: Tx): Date => new Date(tx.now.getTime() + COMMITTER_CLAIM_MS);

function sent(tx: Tx, kind: 'start' | 'cancel'): RawBuilder<unknown> {
  return sql`sent as (insert into outbox(org_id, job_id, kind, run_no, due_at, claimed_until, claim_token, created_at)
    select ${tx.orgId}::uuid, id, ${kind}::text, run_no, ${tx.now}::timestamptz, ${claimedUntil(tx)}::timestamptz, ${tx.newId()}::uuid, ${tx.now}::timestamptz from moved)`;
}
