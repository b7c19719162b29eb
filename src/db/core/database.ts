import type pg from 'pg';
import type { Actor } from '../../domain/core/actor.ts';
import type { Clock } from '../../lib/clock.ts';
import { isUuid, newUuid, type RandomBytes } from '../../lib/ids.ts';
import { ChangeNotifier } from './change-notifier.ts';
import { entityManagerOn } from './entity-manager.ts';
import type { JobRegistry } from './job-registry.ts';
import type { EntityManager, Orm } from './orm.ts';
import { type AcrossTx, inTransaction, type Scope, type Tx, type Work } from './transaction.ts';

/** Counts transactions, for tests that assert how many a thing takes. */
export interface TransactionCounter {
  count: number;
}

/** The two ways to the database for everybody who runs: outside them every login sees nothing. */
export interface Database {
  /** Given only an organisation, it is the system that acts. */
  inOrganization<T>(scope: string | Scope, work: (tx: Tx) => Promise<T>): Promise<T>;
  acrossOrganizations<T>(reason: string, work: (tx: AcrossTx) => Promise<T>): Promise<T>;
  /** Calls `refresh` when some process has committed what it notified of, until the returned function is called. A hint may get lost. */
  onNotified(refresh: () => void): () => void;
  readonly registry: JobRegistry<Tx>;
  readonly transactions: TransactionCounter;
  close(): Promise<void>;
}

/** Where time and chance come from, and what jobs there can be. */
export interface Source {
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly registry: JobRegistry<Tx>;
}

export const SYSTEM: Actor = { kind: 'system', id: null, label: 'system' };

export function openDatabase(orm: Orm, { clock, random, registry }: Source): Database {
  const transactions = { count: 0 };
  const { clientUrl, driverOptions } = orm.config.getAll();
  const applicationName = String((driverOptions as { application_name?: string }).application_name);
  const notifier = new ChangeNotifier(clientUrl!, applicationName);
  const newId = () => newUuid(clock, random);
  const pool = () => orm.em.getDriver().getConnection().getNativeClient() as Promise<pg.Pool>;
  const run = async <T>(setting: string, now: Date, work: Work<T>): Promise<T> => {
    transactions.count++;
    const client = await (await pool()).connect();
    const { answer, notified } = await inTransaction(client, setting, now, newId, work);
    if (notified) notifier.notify();
    return answer;
  };
  return {
    registry,
    transactions,
    inOrganization(scope, work) {
      const {
        orgId,
        actor,
        requestId,
        now = clock.now(),
      } = typeof scope === 'string' ? { orgId: scope, actor: SYSTEM, requestId: null } : (scope as Scope);
      if (!isUuid(orgId)) throw new Error('inOrganization needs the uuid of an organisation');
      const setting = `select set_config('app.org', '${orgId}', true)`;
      return run(setting, now, (base) => work(withManager({ ...base, orgId, actor, requestId, registry }, orm)));
    },
    acrossOrganizations(reason, work) {
      // The reason is shown by pg_stat_activity, and stands in the statement: words only.
      if (!/^[a-z][a-z :-]{7,49}$/.test(reason))
        throw new Error('acrossOrganizations needs a reason that a reader understands');
      const settings = `set_config('app.across', 'on', true), set_config('application_name', 'across: ${reason}', true)`;
      return run(`select ${settings}`, clock.now(), (base) => work({ ...base, reason }));
    },
    onNotified: (refresh) => notifier.listen(refresh),
    async close() {
      await notifier.close();
      await orm.close(true);
    },
  };
}

/** The entity manager is made when first asked for: most transactions never do. */
function withManager(tx: Omit<Tx, 'em'>, orm: Orm): Tx {
  let em: EntityManager | null = null;
  return Object.defineProperty(tx as Tx, 'em', {
    get: () => {
      em ??= entityManagerOn(orm, tx.sql);
      return em;
    },
  });
}
