import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { PooledClient } from '../core/pooled-client.ts';

export interface AuthDbOptions {
  /** Connection string of the `auth` login. */
  readonly url: string;
  readonly poolMax: number;
  readonly applicationName: string;
}

/**
 * A pool of its own on the `auth` login, beside the database of the others: who holds a key is asked before any organisation is known.
 * One statement for each request, so it goes without the ORM. `destroy` closes it.
 */
export function openAuthDb(options: AuthDbOptions): Kysely<unknown> {
  const pool = new pg.Pool({
    Client: PooledClient,
    connectionString: options.url,
    max: options.poolMax,
    application_name: options.applicationName,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    statement_timeout: 10_000,
  });
  // A connection that the server ended while nobody used it: the pool has dropped it, the next request opens another.
  pool.on('error', () => {});
  return new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
}
