import { type QueryExecutorProvider, sql } from 'kysely';
import type pg from 'pg';
import { isUuid } from '../../lib/ids.ts';
import { Lookout } from './lookout.ts';
import type { Orm } from './orm.ts';
import { pipelineOn } from './pipeline.ts';

/** A transaction that sees what its door let it see. Use nothing of it after the door has closed. */
export interface Tx {
  /** The organisation of the door, or null inside `acrossOrgs`. */
  readonly orgId: string | null;
  /**
   * For the hot statements: bound to the same transaction, in the order they are asked. Those that do not need each
   * other's answers are asked together (`Promise.all`) and cost one round trip. Rows are typed where the statement is.
   */
  readonly sql: QueryExecutorProvider;
  /** Has the readers of all processes look again once this is committed. */
  announce(): void;
  /**
   * Sends the commit right behind the statements asked so far, without waiting for their answers: one round trip less. The last
   * word of a transaction: what is asked after it is refused. A statement that fails still undoes all of it; what the code
   * itself finds wrong in the answers comes too late.
   */
  conclude(): void;
}

/** Counts transactions, for tests that assert how many a thing takes. */
export interface TransactionCounter {
  count: number;
}

/** The two ways to the database for everybody who runs: outside them every login sees nothing. */
export interface Doors {
  inOrg<T>(orgId: string, work: (tx: Tx) => Promise<T>): Promise<T>;
  acrossOrgs<T>(reason: string, work: (tx: Tx) => Promise<T>): Promise<T>;
  /** Calls `look` when some process has committed what it announced, until the answer is called. A hint may get lost. */
  onAnnounced(look: () => void): () => void;
  readonly transactions: TransactionCounter;
  close(): Promise<void>;
}

type Work<T> = (tx: Tx) => Promise<T>;

/**
 * One transaction on one connection, which it gives back. `begin` and the setting that policies look at go together in one
 * message, and are not waited for: what the work asks first travels right behind, and meets an aborted transaction should
 * they fail.
 */
async function inTransaction<T>(client: pg.PoolClient, orgId: string | null, setting: string, work: Work<T>) {
  let commit: Promise<void> | null = null;
  let open = true;
  const pipeline = pipelineOn(client, () => open);
  let announced = false;
  let broken = false;
  const tx: Tx = {
    orgId,
    sql: pipeline,
    announce() {
      announced = true;
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
    const [answer] = await Promise.all([work(tx), opened]);
    tx.conclude();
    await commit;
    return { answer, announced };
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

export function openDoors(orm: Orm): Doors {
  const transactions = { count: 0 };
  const { clientUrl, driverOptions } = orm.config.getAll();
  const lookout = new Lookout(clientUrl!, String((driverOptions as { application_name?: string }).application_name));
  const pool = () => orm.em.getDriver().getConnection().getNativeClient() as Promise<pg.Pool>;
  const run = async <T>(orgId: string | null, setting: string, work: Work<T>): Promise<T> => {
    transactions.count++;
    const client = await (await pool()).connect();
    const { answer, announced } = await inTransaction(client, orgId, setting, work);
    if (announced) lookout.tell();
    return answer;
  };
  return {
    transactions,
    inOrg(orgId, work) {
      if (!isUuid(orgId)) throw new Error('inOrg needs the uuid of an organisation');
      return run(orgId, `select set_config('app.org', '${orgId}', true)`, work);
    },
    acrossOrgs(reason, work) {
      // The reason is shown by pg_stat_activity, and stands in the statement: words only.
      if (!/^[a-z][a-z :-]{7,49}$/.test(reason)) throw new Error('acrossOrgs needs a reason that a reader understands');
      const settings = `set_config('app.across', 'on', true), set_config('application_name', 'across: ${reason}', true)`;
      return run(null, `select ${settings}`, work);
    },
    onAnnounced: (look) => lookout.listen(look),
    async close() {
      await lookout.close();
      await orm.close(true);
    },
  };
}
