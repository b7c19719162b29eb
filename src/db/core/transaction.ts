import { type QueryExecutorProvider, type RawBuilder, sql } from 'kysely';
import type pg from 'pg';
import type { Actor } from '../../domain/core/actor.ts';
import type { JobRegistry } from './job-registry.ts';
import type { EntityManager } from './orm.ts';
import { pipelineOn } from './pipeline.ts';

/** What every transaction can do. Use nothing of it after it has ended. */
export interface AnyTx {
  /** One time for all that a transaction writes. */
  readonly now: Date;
  /** A new uuid (version 7). */
  newId(): string;
  /**
   * For the hot statements: bound to the same transaction, in the order they are asked. Those that do not need each
   * other's answers are asked together (`Promise.all`) and cost one round trip. Rows are typed where the statement is.
   */
  rows<Row>(statement: RawBuilder<Row>): Promise<Row[]>;
  /** The first row, or null when there is none. */
  first<Row>(statement: RawBuilder<Row>): Promise<Row | null>;
  /** Returns how many rows an insert, update or delete touched. */
  run(statement: RawBuilder<unknown>): Promise<number>;
  /** Where Kysely's own query builder executes. */
  readonly sql: QueryExecutorProvider;
  /** Has the readers of all processes refresh once this is committed. */
  notify(): void;
  /**
   * Sends the commit right behind the statements asked so far, without waiting for their answers: one round trip less. The last
   * word of a transaction: what is asked after it is refused. A statement that fails still undoes all of it; what the code
   * itself finds wrong in the answers comes too late.
   */
  conclude(): void;
}

/** A transaction in one organisation: row-level security shows it no other. It knows who acts, when, and in which request. */
export interface Tx extends AnyTx {
  readonly orgId: string;
  readonly actor: Actor;
  readonly requestId: string | null;
  /** The kinds of job there are and what areas hand to jobs. */
  readonly registry: JobRegistry<Tx>;
  /** MikroORM's on this very connection, made when first asked for: for plain nouns (ADR 027). */
  readonly em: EntityManager;
}

/** A transaction that sees all organisations; only the worker's login and those that are listed have one. */
export interface AcrossTx extends AnyTx {
  readonly reason: string;
}

/** In which organisation, by whom, in which request. */
export interface Scope {
  readonly orgId: string;
  readonly actor: Actor;
  readonly requestId: string | null;
  /** For who has looked at the clock already; else it is asked when the transaction opens. */
  readonly now?: Date;
}

/** What is done in a transaction. */
export type Work<T> = (base: AnyTx) => Promise<T>;

/**
 * One transaction on one connection, which it gives back. `begin` and the setting that policies look at go together in one
 * message, and are not waited for: what the work asks first travels right behind, and meets an aborted transaction should
 * they fail.
 */
export async function inTransaction<T>(
  client: pg.PoolClient,
  setting: string,
  now: Date,
  newId: () => string,
  work: Work<T>,
) {
  let commit: Promise<void> | null = null;
  let open = true;
  const pipeline = pipelineOn(client, () => open);
  let notified = false;
  let broken = false;
  const rows = async <Row>(statement: RawBuilder<Row>) => (await statement.execute(pipeline)).rows;
  const base: AnyTx = {
    now,
    newId,
    rows,
    first: async (statement) => (await rows(statement))[0] ?? null,
    run: async (statement) => Number((await statement.execute(pipeline)).numAffectedRows ?? 0),
    sql: pipeline,
    notify() {
      notified = true;
    },
    conclude() {
      open = false;
      commit ??= sendCommit(client);
      // Who fails before it is waited for says what went wrong.
      commit.catch(() => {});
    },
  };
  try {
    const opened = sql.raw(`begin; ${setting}`).execute(pipeline);
    const [answer] = await Promise.all([work(base), opened]);
    base.conclude();
    await commit;
    return { answer, notified };
  } catch (thrown) {
    // What other branches of the work still ask would run on a connection that somebody else has by then.
    open = false;
    // On a connection that died it fails too; what went wrong first is what counts.
    await client.query('rollback').catch(() => {
      broken = true;
    });
    throw thrown;
  } finally {
    client.release(broken);
  }
}

/** PostgreSQL answers the commit of a transaction in which something failed with a rollback, and calls that no error. */
async function sendCommit(client: pg.PoolClient): Promise<void> {
  const { command } = await client.query('commit');
  if (command !== 'COMMIT') throw new Error('the transaction was undone, because a statement in it had failed');
}
