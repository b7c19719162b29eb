import { type RawBuilder, sql } from 'kysely';
import type { EventTopic } from '../../catalog/events.ts';
import type { Actor } from '../../domain/core/actor.ts';
import type { Tx } from '../core/transaction.ts';

/** A value, or the expression of the statement it is part of that gives it. */
export type Written<T> = T | RawBuilder<T>;
/** Values beside expressions: `{ state: 'queued', version: sql`version` }`. Never a secret. */
export type Data = Readonly<Record<string, unknown>>;

export interface AuditFact {
  /** For example `repository.create`. */
  readonly action: string;
  readonly object: { readonly kind: string; readonly id: Written<string>; readonly label: Written<string> };
  readonly data: Data;
  /** `ok` unless it is said. */
  readonly outcome?: 'ok' | 'failed' | 'refused';
  /** For who does it in another's name, or in many names at once; else the transaction's. */
  readonly actor?:
    | Actor
    | { readonly kind: RawBuilder<string>; readonly id: RawBuilder<string>; readonly label: RawBuilder<string> };
  readonly requestId?: Written<string | null>;
  /** Of each row, when `from` has many; else a new one. */
  readonly id?: RawBuilder<string>;
}

export interface EventFact {
  readonly topic: EventTopic;
  readonly subjectId: Written<string>;
  readonly data: Data;
}

/** What happened: for the audit, for who watches, or both. */
export interface Fact {
  readonly audit?: AuditFact;
  readonly event?: EventFact;
  /** The table or query of the statement that is to be recorded once for each of its rows. */
  readonly from?: RawBuilder<unknown>;
}

/** What of a transaction an entry says. */
type Context = Pick<Tx, 'orgId' | 'now' | 'actor' | 'requestId' | 'newId' | 'notify'>;

/** Writes down what happened, in the transaction in which it did. All rows of `audit_event` and `event` are written here. */
export async function record(tx: Context & Pick<Tx, 'run'>, fact: Fact): Promise<void> {
  await tx.run(sql`with ${recorded(tx, fact)} select 1`);
}

/** The same as the CTEs of a statement that does something besides, so that it stays one: `with j as (update ...), ${recorded(...)} select`. */
export function recorded(tx: Context, { audit, event, from }: Fact): RawBuilder<unknown> {
  const rows = from === undefined ? sql`` : sql`from ${from}`;
  const entries: RawBuilder<unknown>[] = [];
  if (audit) entries.push(sql`audited as (${auditRows(tx, audit)} ${rows})`);
  if (event) {
    tx.notify();
    entries.push(sql`told as (${eventRows(tx, event)} ${rows})`);
  }
  return sql.join(entries);
}

function auditRows(tx: Context, fact: AuditFact): RawBuilder<unknown> {
  const { action, object, outcome = 'ok', actor = tx.actor, requestId = tx.requestId, id = tx.newId() } = fact;
  return sql`insert into audit_event(org_id, id, at, actor_kind, actor_id, actor_label, action, object_kind, object_id, object_label, outcome, request_id, data)
    select ${tx.orgId}::uuid, ${id}::uuid, ${tx.now}::timestamptz, ${actor.kind}::text, ${actor.id}::uuid, ${actor.label}::text, ${action}::text,
      ${object.kind}::text, ${object.id}::uuid, ${object.label}::text, ${outcome}::text, ${requestId}::text, ${json(fact.data)}`;
}

function eventRows(tx: Context, { topic, subjectId, data }: EventFact): RawBuilder<unknown> {
  return sql`insert into event(org_id, topic, subject_id, data, at)
    select ${tx.orgId}::uuid, ${topic}::text, ${subjectId}::uuid, ${json(data)}, ${tx.now}::timestamptz`;
}

function json(data: Data): RawBuilder<unknown> {
  const isExpression = ([, value]: [string, unknown]) =>
    typeof value === 'object' && value !== null && 'toOperationNode' in value;
  const entries = Object.entries(data);
  const values = JSON.stringify(Object.fromEntries(entries.filter((entry) => !isExpression(entry))));
  const expressions = entries.filter(isExpression).map(([name, value]) => sql`${name}::text, ${value}`);
  if (expressions.length === 0) return sql`${values}::jsonb`;
  return sql`${values}::jsonb || jsonb_build_object(${sql.join(expressions)})`;
}
