import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { returnDeadConnections } from '../../src/db/dead-connections.ts';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

/** A BEGIN on a connection that the server has ended without the pool knowing yet. */
async function beginOnDeadConnection(db: Kysely<unknown>): Promise<void> {
  const pid = (await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db)).rows[0]!.pid;
  const ended = database.owner.query('select pg_terminate_backend($1, 1000)', [pid]);
  // Not yielding to the event loop for longer than the server needs: the end is in the socket, and nobody has read it.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
  await expect(db.startTransaction().execute()).rejects.toThrow();
  await ended;
}

test('a connection that dies at BEGIN is given back, so that outages cost no place in the pool', async () => {
  const pool = new pg.Pool({ connectionString: database.urls.api, max: 2 });
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
  returnDeadConnections(pool);
  const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
  for (let outage = 0; outage < 3; outage++)
    await beginOnDeadConnection(db).catch(async () => {
      // The pool had noticed before BEGIN: then there is nothing to give back.
    });
  await vi.waitUntil(() => pool.totalCount === pool.idleCount, { timeout: 5_000 });
  const done = await db.transaction().execute((tx) => sql<{ one: number }>`select 1 as one`.execute(tx));
  expect(done.rows).toEqual([{ one: 1 }]);
  await db.destroy();
});
