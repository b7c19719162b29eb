import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { beforeAll, expect, test, vi } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';
import { PatientDatabase } from './stack/patient-database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.owner.query('create table a (); create table b ()');
  return () => database.drop();
});

test('what is held of two tables is got although somebody takes them the other way round', async () => {
  const other = new pg.Client({ connectionString: database.ownerUrl });
  await other.connect();
  // Only the holder looks for deadlocks in time, so it is the one that is given up.
  await other.query(`set deadlock_timeout = '30s'; begin; lock table b`);
  const patient = new PatientDatabase(database.ownerUrl);
  const held = patient.hold('lock table a; lock table b');
  const theirs = (async () => {
    await vi.waitUntil(async () => (await waiting()) > 0, { timeout: 10_000 });
    await other.query('lock table a; commit');
  })();
  const giveBack = await held;
  await theirs;
  await giveBack();
  await other.end();
  await patient.close();
});

test('it closes although something is held: a scenario that failed gives nothing back', async () => {
  const patient = new PatientDatabase(database.ownerUrl);
  await patient.hold('lock table a');
  await expect(patient.hold('lock table c')).rejects.toThrow(/does not exist/);
  const ended = await Promise.race([patient.close().then(() => 'closed'), sleep(10_000, 'still open', { ref: false })]);
  expect(ended).toBe('closed');
});

const waiting = async () =>
  (await database.owner.query('select 1 from pg_locks where not granted and database is not null')).rowCount!;
