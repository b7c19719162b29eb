import { Migrator } from '@mikro-orm/migrations';
import { type EntityManager, MikroORM, type Options } from '@mikro-orm/postgresql';
import { MIGRATIONS } from '../../../migrations/index.ts';
import { ENTITIES } from '../tables/index.ts';
import { PooledClient } from './pooled-client.ts';

export interface OrmOptions {
  /** Connection string of one login. */
  readonly url: string;
  readonly poolMax: number;
  /** A transaction of ours that lasts longer is ended by the server, because it would hold back everybody's events. */
  readonly transactionTimeoutMs: number | null;
  readonly applicationName: string;
}

/** The settings that both the running processes and the migrator share. */
export function ormConfig(options: OrmOptions): Options {
  const timeout = options.transactionTimeoutMs;
  return {
    entities: ENTITIES,
    clientUrl: options.url,
    // The name is in the URL; MikroORM would else look at its own environment variables.
    dbName: decodeURIComponent(new URL(options.url).pathname.slice(1)),
    preferEnvVars: false,
    pool: { min: 0, max: options.poolMax, idleTimeoutMillis: 30_000 },
    driverOptions: {
      Client: PooledClient,
      application_name: options.applicationName,
      connectionTimeoutMillis: 5_000,
      ...(timeout === null
        ? {}
        : { options: `-c transaction_timeout=${timeout} -c idle_in_transaction_session_timeout=${timeout}` }),
    },
    extensions: [Migrator],
    migrations: {
      migrationsList: MIGRATIONS,
      snapshot: false,
      snapshotOnMigrate: false,
      allOrNothing: true,
      transactional: true,
      tableName: 'migration',
    },
    schemaGenerator: {
      // Hand-written in migrations/sql: partitions, locks, functions and triggers. The policies of those tables too.
      skipTables: [/^log_/, /^lock_/, 'migration'],
      ignoreRoutines: true,
      ignoreTriggers: true,
    },
    debug: false,
    // The migrator tells its steps on stdout by default; who migrates says what was applied in its own words.
    logger: () => undefined,
    discovery: { warnWhenNoEntities: false },
  } as Options;
}

/** A pool of one login. It connects when first used. */
export async function openOrm(options: OrmOptions): Promise<MikroORM> {
  return (await MikroORM.init(ormConfig(options) as never)) as MikroORM;
}

export type Orm = MikroORM;
export type { EntityManager };
