import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { holdLease } from '../../src/db/core/lease.ts';
import type { Log } from '../../src/lib/log.ts';
import { UPKEEP_LEASE_MS, UPKEEP_PERIOD_MS, upkeepOnce } from '../../src/worker/instance/upkeep.ts';
import { type Bench, openBench } from '../harness/bench.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

/** Rounds until there is nothing left to do, and what they said of it. */
async function untilRest() {
  const said: Record<string, number>[] = [];
  const log = { info: (fields: Record<string, number>) => said.push(fields) } as unknown as Log;
  const parts = { database: bench.worker, log };
  let rounds = 1;
  while ((await upkeepOnce(parts)) === 'again') rounds++;
  const sum = (name: string) => said.reduce((total, fields) => total + fields[name]!, 0);
  return { rounds, sum };
}

/** Days of the log as their distance from today. */
async function days(): Promise<number[]> {
  const found = await bench.owner.query(`
    select to_date(right(c.relname, 8), 'YYYYMMDD') - current_date as day from pg_inherits i join pg_class c on c.oid = i.inhrelid
     where i.inhparent = 'log_chunk'::regclass order by 1`);
  return found.rows.map((row) => row.day);
}

const makeDay = (offset: number) =>
  bench.owner.query('select log_partitions_make(current_date + $1::int, current_date + $1::int)', [offset]);
const headOf = (offset: number) =>
  bench.owner.query(
    'insert into log_head(org_id, job_id, run_no, attempt, day, next_seq) values ($1, gen_random_uuid(), 1, 1, current_date + $2::int, 1)',
    [bench.org, offset],
  );

test('missing days of the log are made, those beyond the retention are dropped one at a time with their heads', async () => {
  await bench.owner
    .query(`select to_char(current_date + 3, '"drop table log_chunk_"YYYYMMDD') as sql`)
    .then((found) => bench.owner.query(found.rows[0].sql));
  for (const offset of [-100, -60, -31, -30]) await makeDay(offset);
  for (const offset of [-60, -30]) await headOf(offset);
  const done = await untilRest();
  expect(await days()).toEqual([-30, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7]);
  expect([done.sum('daysDropped'), done.sum('heads'), done.rounds]).toEqual([3, 1, 4]);
  expect(done.sum('daysMade')).toBe(2);
  expect((await untilRest()).sum('daysMade')).toBe(0);
});

test('the retention is a setting of the platform, and never shorter than a job and its late lines may last', async () => {
  const platform = bench.newId();
  await bench.owner.query(
    `insert into organization(id, name, plane, created_at) values ($1, 'Platform', 'platform', now())`,
    [platform],
  );
  const set = (org: string, value: number) =>
    bench.owner.query(
      `insert into setting(org_id, key, value, changed_at) values ($1, 'log.retention_days', $2::jsonb, now())
        on conflict (org_id, key) do update set value = excluded.value`,
      [org, JSON.stringify(value)],
    );
  await set(bench.org, 7);
  for (const offset of [-40, -20, -8, -7]) await makeDay(offset);
  await untilRest();
  expect((await days()).filter((day) => day < -2)).toEqual([-30, -20, -8, -7]);
  await set(platform, 10);
  await untilRest();
  expect((await days()).filter((day) => day < -2)).toEqual([-8, -7]);
  await set(platform, 1);
  await untilRest();
  expect((await days()).filter((day) => day < -2)).toEqual([-7]);
});

test('the worker itself may not drop days that jobs may still write to, and no other login any', async () => {
  const drop = (db: Bench['worker'], before: string) =>
    db.acrossOrganizations('upkeep: a test', (tx) => sql.raw(`select log_partitions_drop(${before})`).execute(tx.sql));
  await expect(drop(bench.worker, 'current_date - 5')).rejects.toThrow('too young');
  await expect(drop(bench.gateway, 'current_date - 90')).rejects.toThrow('permission denied');
  await expect(drop(bench.api, 'current_date - 90')).rejects.toThrow('permission denied');
});

test('idempotency keys are deleted after 48 h, in batches, and younger ones stay', async () => {
  await bench.owner.query(
    `insert into idempotency_key(org_id, principal, route, key, body_hash, subject_id, created_at)
     select $1, 'p', 'r', n::text, '\\x00', gen_random_uuid(), now() - case when n <= 4500 then interval '49 h' else interval '47 h' end
       from generate_series(1, 5000) n`,
    [bench.org],
  );
  const done = await untilRest();
  expect([done.sum('keys'), done.rounds]).toEqual([4_500, 3]);
  const left = await bench.owner.query(`select count(*)::int as n, min(key::int) as first from idempotency_key`);
  expect(left.rows[0]).toEqual({ n: 500, first: 4_501 });
});

test('one of two workers does it: the lease outlasts the pause between rounds', async () => {
  const [one, two] = [bench.newId(), bench.newId()];
  const start = bench.clock.now().getTime();
  const hold = (holder: string, afterMs: number) =>
    bench.worker.acrossOrganizations('lease: upkeep', (tx) =>
      holdLease({ ...tx, now: new Date(start + afterMs) }, 'upkeep', holder, UPKEEP_LEASE_MS),
    );
  expect(await hold(one, 0)).toBe(true);
  expect(await hold(two, UPKEEP_PERIOD_MS)).toBe(false);
  expect(await hold(one, UPKEEP_PERIOD_MS)).toBe(true);
  expect(await hold(two, UPKEEP_PERIOD_MS + UPKEEP_LEASE_MS + 1)).toBe(true);
});
