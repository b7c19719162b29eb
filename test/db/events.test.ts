import { sql } from 'kysely';
import pg from 'pg';
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import type { Database } from '../../src/db/core/database.ts';
import { type EventPlace, eventWatermark, readEvents } from '../../src/db/core/events.ts';
import { organization, uuid } from '../factories.ts';
import { createTestDatabase, openTestLogin, type TestDatabase } from '../harness/database.ts';

let database: TestDatabase;
let api: Database;
let org: string;
beforeAll(async () => {
  database = await createTestDatabase();
  api = await openTestLogin(database, 'api', { keep: true });
  org = (await organization(database.owner)).id;
});
afterAll(async () => {
  await api?.close();
  await database?.drop();
});

const INSERT = `insert into event(org_id, topic, subject_id, data, at) values ($1, 'job.changed', $2, $3, now())`;

async function writer(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database.ownerUrl });
  await client.connect();
  onTestFinished(() => client.end());
  return client;
}

/** A reader as a stream would be one: it goes on behind what it saw. */
function reader(after: EventPlace) {
  let place = after;
  return async (limit = 100): Promise<string[]> => {
    const events = await api.inOrganization(org, (tx) => readEvents(tx, place, limit));
    place = events.at(-1) ?? place;
    return events.map((event) => String(event.data.name));
  };
}

test('an event of a transaction that commits late is neither skipped nor doubled', async () => {
  const [late, soon] = [await writer(), await writer()];
  const read = reader(await api.inOrganization(org, eventWatermark));
  const tell = (client: pg.Client, name: string) => client.query(INSERT, [org, uuid(), { name }]);
  await late.query('begin');
  await tell(late, 'late, written first');
  await tell(soon, 'soon');
  // The number of the late one is lower, so a reader by number that took "soon" now would never see it.
  expect(await read()).toEqual([]);
  await tell(late, 'late, written last');
  await late.query('commit');
  const seen: string[] = [];
  await vi.waitUntil(async () => seen.push(...(await read())) >= 3, { timeout: 20_000, interval: 20 });
  expect(seen).toEqual(['late, written first', 'late, written last', 'soon']);
  expect(await read()).toEqual([]);
});

test('twelve writers of long and short transactions, some of them rolled back: each event once, none that never was', async () => {
  const read = reader(await api.inOrganization(org, eventWatermark));
  const committed: string[] = [];
  const seen: string[] = [];
  let writing = 12;
  const write = async (number: number) => {
    const client = await writer();
    for (let round = 0; round < 25; round++) {
      const names = [0, 1, 2].map((i) => `${number}/${round}/${i}`);
      await client.query('begin');
      for (const name of names) {
        await client.query(INSERT, [org, uuid(), { name }]);
        if (number % 3 === 0) await client.query('select pg_sleep(0.01)');
      }
      const good = (number + round) % 7 !== 0;
      await client.query(good ? 'commit' : 'rollback');
      if (good) committed.push(...names);
    }
    writing--;
  };
  const all = Promise.all(Array.from({ length: 12 }, (_, number) => write(number)));
  // Small pages, so that one often ends in the middle of a transaction.
  await vi.waitUntil(async () => seen.push(...(await read(2))) >= committed.length && writing === 0, {
    timeout: 50_000,
    interval: 0,
  });
  await all;
  expect(seen.length).toBe(committed.length);
  expect(new Set(seen)).toEqual(new Set(committed));
  // Those of one transaction come in the order in which it wrote them.
  for (const name of seen.filter((one) => one.endsWith('/0')))
    expect(seen.slice(seen.indexOf(name), seen.indexOf(name) + 3).map((one) => one.slice(-1))).toEqual(['0', '1', '2']);
});

test("another organisation's events are not seen", async () => {
  const other = await organization(database.owner);
  const read = reader(await api.inOrganization(org, eventWatermark));
  for (const [of, name] of [
    [other.id, 'theirs'],
    [org, 'ours'],
  ])
    await database.owner.query(INSERT, [of, uuid(), { name }]);
  expect(await read()).toEqual(['ours']);
});

test('a notification wakes who listens in another process, a hundred commits cost a few notifications, and no listener no sleep', async () => {
  const gateway = await openTestLogin(database, 'gateway');
  const worker = await openTestLogin(database, 'worker');
  let looks = 0;
  const stop = worker.onNotified(() => looks++);
  await vi.waitUntil(() => looks === 1, { timeout: 30_000 });
  const commit = () =>
    gateway.inOrganization(org, async (tx) => {
      tx.notify();
      await tx.run(sql`select 1`);
    });
  // What only reads, and what is rolled back, wakes nobody: the commit behind them is the first to be heard.
  await gateway.inOrganization(org, async (tx) => void (await sql`select 1`.execute(tx.sql)));
  const failed = gateway.inOrganization(org, async (tx) => {
    tx.notify();
    throw new Error('no');
  });
  await expect(failed).rejects.toThrow('no');
  await commit();
  await vi.waitUntil(() => looks > 1, { timeout: 30_000 });
  expect(looks).toBe(2);
  const began = performance.now();
  for (let i = 0; i < 100; i++) await commit();
  const windows = Math.ceil((performance.now() - began) / 20) + 4;
  await vi.waitUntil(() => looks > 2, { timeout: 30_000 });
  expect(looks - 2).toBeLessThanOrEqual(windows);
  stop();
});

test('who listens hears again after its connection was cut', async () => {
  const db = await openTestLogin(database, 'worker');
  let looks = 0;
  db.onNotified(() => looks++);
  await vi.waitUntil(() => looks > 0, { timeout: 30_000 });
  const before = looks;
  const cut = await database.owner.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query like 'listen%'`,
  );
  expect(cut.rowCount).toBeGreaterThan(0);
  await vi.waitUntil(() => looks > before, { timeout: 30_000 });
  const again = looks;
  await db.inOrganization(org, async (tx) => tx.notify());
  await vi.waitUntil(() => looks > again, { timeout: 30_000 });
});
