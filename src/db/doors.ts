import type { EntityManager } from '@mikro-orm/postgresql';
import type { Kysely } from 'kysely';
import { isUuid } from '../lib/ids.ts';
import type { Orm } from './orm.ts';

/** A transaction that sees what its door let it see. Use nothing of it after the door has closed. */
export interface Tx {
  /** The organisation of the door, or null inside `acrossOrgs`. */
  readonly orgId: string | null;
  readonly em: EntityManager;
  /** For the hot statements: bound to the same transaction. Rows are typed where the statement is. */
  readonly sql: Kysely<unknown>;
}

/** Counts transactions, for tests that assert how many a thing takes. */
export interface TransactionCounter {
  count: number;
}

/** The two ways to the database for everybody who runs: outside them every login sees nothing. */
export interface Doors {
  inOrg<T>(orgId: string, work: (tx: Tx) => Promise<T>): Promise<T>;
  acrossOrgs<T>(reason: string, work: (tx: Tx) => Promise<T>): Promise<T>;
  readonly transactions: TransactionCounter;
  close(): Promise<void>;
}

export function openDoors(orm: Orm): Doors {
  const transactions = { count: 0 };
  const run = <T>(
    orgId: string | null,
    variables: Record<string, string>,
    work: (tx: Tx) => Promise<T>,
  ): Promise<T> => {
    transactions.count++;
    const em = orm.em.fork({ clear: true, useContext: false, session: { variables } } as never) as EntityManager;
    return em.transactional((inner) =>
      work({
        orgId,
        em: inner as EntityManager,
        sql: (inner as EntityManager).getKysely<unknown>() as Kysely<unknown>,
      }),
    );
  };
  return {
    transactions,
    inOrg(orgId, work) {
      if (!isUuid(orgId)) throw new Error('inOrg needs the uuid of an organisation');
      return run(orgId, { 'app.org': orgId }, work);
    },
    acrossOrgs(reason, work) {
      if (reason.length < 8) throw new Error('acrossOrgs needs a reason that a reader understands');
      return run(null, { 'app.across': 'on', application_name: `across: ${reason.slice(0, 50)}` }, work);
    },
    close: () => orm.close(true),
  };
}
