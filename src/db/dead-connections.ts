import type pg from 'pg';

/** The holder of a connection that died gets its error at once; by then it has given it back, or it never will. */
const GRACE_MS = 1_000;

/**
 * Takes back connections that died in the hands of somebody who does not return them. Kysely's controlled transactions,
 * which the ORM uses, keep the connection when BEGIN fails: without this each restart of PostgreSQL can cost a place in
 * the pool, until none is left and only a restart of the process helps.
 */
export function returnDeadConnections(pool: pg.Pool): void {
  const held = new WeakSet<pg.PoolClient>();
  const watched = new WeakSet<pg.PoolClient>();
  pool.on('acquire', (client) => {
    held.add(client);
    if (watched.has(client)) return;
    watched.add(client);
    client.once('end', () => {
      setTimeout(() => {
        if (!held.has(client)) return;
        client.release(true);
        // Whoever comes later after all must not meet "released already".
        client.release = () => {};
      }, GRACE_MS).unref();
    });
  });
  pool.on('release', (_error, client) => {
    held.delete(client as pg.PoolClient);
  });
}
