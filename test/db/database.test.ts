import { sql } from 'kysely';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Database, openDatabase } from '../../src/db/core/database.ts';
import { type Orm, openOrm } from '../../src/db/core/orm.ts';
import type { Tx } from '../../src/db/core/transaction.ts';
import { JOB_REGISTRY } from '../../src/db/job-registry.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { systemRandom } from '../../src/lib/ids.ts';
import { organization } from '../factories.ts';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';

const PLACES = 3;
let database: TestDatabase;
let orm: Orm;
let db: Database;
let org: string;
beforeAll(async () => {
  database = await createTestDatabase();
  const url = database.urls.worker;
  orm = await openOrm({ url, poolMax: PLACES, transactionTimeoutMs: 15_000, applicationName: 'test db' });
  db = openDatabase(orm, { clock: systemClock, random: systemRandom, registry: JOB_REGISTRY });
  org = (await organization(database.owner)).id;
});
afterAll(async () => {
  await db?.close();
  await database?.drop();
});

const setting = (tx: Parameters<Parameters<Database['inOrganization']>[1]>[0]) =>
  sql<{ org: string }>`select current_setting('app.org', true) as org, ${1}::int as one`.execute(tx.sql);

test('statements asked together run in the order they were asked, inside the transaction, each on what was there before it', async () => {
  for (let round = 0; round < 20; round++) {
    const seen = await db.inOrganization(org, async (tx) => {
      const key = `round ${round}`;
      const count = () =>
        sql<{ n: number }>`select count(*)::int as n from lock_key where key = ${key}`.execute(tx.sql);
      const asked = [
        count(),
        sql`insert into lock_key(org_id, key, slots) values (${org}, ${key}, 1)`.execute(tx.sql),
        count(),
        sql`delete from lock_key where org_id = ${org} and key = ${key}`.execute(tx.sql),
        count(),
      ] as const;
      const [before, , between, , after] = await Promise.all(asked);
      return [before, between, after].map((found) => found!.rows[0]!.n);
    });
    expect(seen).toEqual([0, 1, 0]);
  }
});

test('what fails among statements asked together undoes all of them, and leaves a connection that knows no organisation', async () => {
  const failing = db.inOrganization(org, (tx) =>
    Promise.all([
      sql`insert into lock_key(org_id, key, slots) values (${org}, 'undone', 1)`.execute(tx.sql),
      sql`select 1 / ${0}::int`.execute(tx.sql),
      sql`insert into lock_key(org_id, key, slots) values (${org}, 'undone too', 1)`.execute(tx.sql),
    ]),
  );
  await expect(failing).rejects.toMatchObject({ code: '22012' });
  const left = await database.owner.query(`select key from lock_key where key like 'undone%'`);
  expect(left.rows).toEqual([]);
  const pool = (await orm.em.getDriver().getConnection().getNativeClient()) as pg.Pool;
  const outside = await pool.query(`select current_setting('app.org', true) as org`);
  expect(outside.rows[0].org ?? '').toBe('');
});

test('a refusal while statements are still under way keeps them inside the transaction that is undone', async () => {
  const refused = db.inOrganization(org, async (tx) => {
    void sql`insert into lock_key(org_id, key, slots) values (${org}, 'late', 1)`.execute(tx.sql);
    throw new Error('refused');
  });
  await expect(refused).rejects.toThrow('refused');
  expect((await database.owner.query(`select key from lock_key where key = 'late'`)).rows).toEqual([]);
});

test('a concluded transaction is committed with what was asked before, in one round trip with it, and takes nothing more', async () => {
  const insert = (key: string) => (tx: Tx) =>
    sql`insert into lock_key(org_id, key, slots) values (${org}, ${key}, 1)`.execute(tx.sql);
  const answer = await db.inOrganization(org, async (tx) => {
    const asked = insert('concluded')(tx);
    tx.conclude();
    await expect(insert('too late')(tx)).rejects.toThrow('over');
    return (await asked).numAffectedRows;
  });
  expect(answer).toBe(1n);
  const failing = db.inOrganization(org, async (tx) => {
    const asked = [insert('undone again')(tx), insert('concluded')(tx)];
    tx.conclude();
    await Promise.all(asked);
  });
  await expect(failing).rejects.toMatchObject({ code: '23505' });
  // Who swallows the failure of a statement is told all the same that nothing was kept.
  const swallowed = db.inOrganization(org, async (tx) => {
    await insert('undone at last')(tx);
    await insert('concluded')(tx).catch(() => {});
  });
  await expect(swallowed).rejects.toThrow('undone');
  const left = await database.owner.query(`select key from lock_key where key ~ 'concluded|late|undone' order by key`);
  expect(left.rows.map(({ key }) => key)).toEqual(['concluded']);
});

test("what a branch asks after its transaction has failed is refused, and not run on a connection that is another's by then", async () => {
  const failed = Promise.withResolvers<void>();
  let late: Promise<unknown> = Promise.resolve();
  const failing = db.inOrganization(org, (tx) => {
    late = failed.promise.then(() => setting(tx));
    return Promise.all([Promise.reject(new Error('refused')), late]);
  });
  await expect(failing).rejects.toThrow('refused');
  failed.resolve();
  await expect(late).rejects.toThrow('over');
});

test('connections that die in the hands of a transaction are replaced, so that outages cost no place in the pool', async () => {
  const pool = (await orm.em.getDriver().getConnection().getNativeClient()) as pg.Pool;
  for (let outage = 0; outage < PLACES + 1; outage++) {
    const killed = db.inOrganization(org, async (tx) => {
      const pid = (await tx.rows(sql<{ pid: number }>`select pg_backend_pid() as pid`))[0]!.pid;
      await database.owner.query('select pg_terminate_backend($1, 1000)', [pid]);
      return setting(tx);
    });
    await expect(killed).rejects.toThrow();
  }
  await vi.waitUntil(() => pool.totalCount === pool.idleCount, { timeout: 30_000 });
  const together = Array.from({ length: PLACES }, () => db.inOrganization(org, setting));
  for (const found of await Promise.all(together)) expect(found.rows[0]!.org).toBe(org);
});

test('a connection that died while nobody used it costs one refused transaction at most', async () => {
  await db.inOrganization(org, setting);
  await database.owner.query(
    `select pg_terminate_backend(pid, 1000) from pg_stat_activity where application_name = 'test db'`,
  );
  await db.inOrganization(org, setting).catch(() => {});
  expect((await db.inOrganization(org, setting)).rows[0]!.org).toBe(org);
});
