import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { holdLease, LOOP_LEASE_MS } from '../../src/db/core/lease.ts';
import {
  type ClaimedEntry,
  claimOutbox,
  deleteSent,
  lockClaimed,
  PUMP_CLAIM_MS,
  putOff,
} from '../../src/db/jobs/outbox.ts';
import { type Bench, openBench } from '../harness/bench.ts';
import type { DueOrder } from './pumps/due-child.ts';
import type { PumpOrder } from './pumps/pump-child.ts';
import { SPEED } from './pumps/quick-clock.ts';

let bench: Bench;
const children: ChildProcess[] = [];
beforeEach(async () => {
  bench = await openBench();
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
  await bench?.close();
});

function child(script: string, order: PumpOrder | DueOrder): ChildProcess {
  const made = fork(fileURLToPath(new URL(`./pumps/${script}`, import.meta.url)), [JSON.stringify(order)]);
  children.push(made);
  return made;
}

/** Jobs with so many entries each; their order is that of their ids. */
async function fill(jobs: number, entries: number): Promise<void> {
  const { owner, org } = bench;
  await owner.query(
    `with j as (insert into job(org_id, id, kind, title, state, params, trigger, actor_kind, actor_label, request_id, accepted_at, accepted_day, queue_deadline_at)
       select $1, uuidv7(), 'noop', 'x', 'queued', '{}', 'key', 'key', 'test', 'r', now(), current_date, now() from generate_series(1, $2) returning id)
     insert into outbox(org_id, job_id, kind, run_no, due_at, created_at)
       select $1, id, case when n % 2 = 1 then 'start' else 'cancel' end, n, now() - interval '1 minute', now() from generate_series(1, $3) n, j order by n, id`,
    [org, jobs, entries],
  );
}

const JOBS = 300;

/** Triggers that keep each claim: by whom, from when until when, in the pumps' own time. */
const BOOK = `
  create table sent(no bigint generated always as identity primary key, job uuid, run_no int, kind text, pump text);
  create table claims(no bigint generated always as identity primary key, entry bigint, token uuid, until timestamptz, given_back boolean default false);
  create function keep_claim() returns trigger language plpgsql security definer as $$ begin
    if new.claim_token is null then update claims set given_back = true where entry = new.id and token = old.claim_token;
    elsif new.claim_token is distinct from old.claim_token then insert into claims(entry, token, until) values (new.id, new.claim_token, new.claimed_until); end if;
    return null;
  end $$;
  create trigger keep_claim after update on outbox for each row execute function keep_claim()`;

test('pumps in four processes, one killed while it sends: each entry once within its claim, in order for each job, none left', async () => {
  const { owner } = bench;
  await owner.query(BOOK);
  const common = { ownerUrl: bench.ownerUrl, workerUrl: bench.urls.worker, clockFromMs: Date.now() };
  const pump = (name: string, hangsAfter: number | null) => child('pump-child.ts', { ...common, name, hangsAfter });
  const hanging = pump('hangs', 20);
  await Promise.all([hanging, pump('a', null), pump('b', null), pump('c', null)].map((one) => once(one, 'message')));
  await fill(JOBS, 4);
  // Its next message is that it hangs with what it has claimed.
  await once(hanging, 'message');
  hanging.kill('SIGKILL');
  const left = async () => (await owner.query('select count(*)::int as n from outbox')).rows[0].n;
  await vi.waitUntil(async () => (await left()) === 0, { timeout: 50_000, interval: 50 });

  const twice = await owner.query(
    `select * from claims a join claims b on b.entry = a.entry and b.no > a.no
    where not a.given_back and b.until - $1 * interval '1 ms' < a.until`,
    [PUMP_CLAIM_MS],
  );
  expect(twice.rows).toEqual([]);
  const sent = await owner.query('select job, run_no, pump from sent order by no');
  const byJob = Map.groupBy(sent.rows, ({ job }) => job as string);
  for (const entries of byJob.values()) expect([...new Set(entries.map(({ run_no }) => run_no))]).toEqual([1, 2, 3, 4]);
  expect(byJob.size).toBe(JOBS);
  expect(new Set(sent.rows.map(({ pump }) => pump)).size).toBeGreaterThan(2);
  const taken = await owner.query(
    `select extract(epoch from min(b.until - a.until)) * 1000 - $1 as first,
      extract(epoch from max(b.until - a.until)) * 1000 - $1 as last, count(*)::int as entries
    from claims a join claims b on b.entry = a.entry and b.no > a.no where not a.given_back`,
    [PUMP_CLAIM_MS],
  );
  // What the killed one had claimed was taken over, and only after its claim had run out.
  expect(taken.rows[0].entries).toBeGreaterThan(0);
  expect(Number(taken.rows[0].first)).toBeGreaterThanOrEqual(0);
  const realMs = (quick: string) => Math.round(Number(quick) / SPEED);
  process.stderr.write(
    `outbox: ${taken.rows[0].entries} entries taken over ${realMs(taken.rows[0].first)} to ${realMs(taken.rows[0].last)} ms after their claim\n`,
  );
});

test('a holder that comes late neither deletes nor puts off what somebody else has claimed since', async () => {
  await fill(1, 1);
  const { worker, org, owner } = bench;
  const at = Date.now();
  const [mine, others] = [bench.newId(), bench.newId()];
  const claim = (token: string, afterMs: number) =>
    worker.acrossOrganizations('test: claim outbox', (tx) => claimOutbox(tx, token, new Date(at + afterMs), 10));
  const [entry] = await claim(mine, 0);
  expect(await claim(others, PUMP_CLAIM_MS)).toEqual([]);
  expect(await claim(others, PUMP_CLAIM_MS + 1)).toHaveLength(1);
  await worker.inOrganization(org, (tx) => deleteSent(tx, mine, org, [entry!.id]));
  await worker.inOrganization(org, (tx) => putOff(tx, mine, entry!, new Date(at + 60_000), 'late'));
  const row = (await owner.query('select claim_token, last_error from outbox')).rows;
  expect(row).toEqual([{ claim_token: others, last_error: null }]);
  await worker.inOrganization(org, (tx) => deleteSent(tx, others, org, [entry!.id]));
  expect((await owner.query('select 1 from outbox')).rowCount).toBe(0);
});

test('two holders that settle the same entries in opposite orders do not end each other', async () => {
  await fill(8, 1);
  const { worker } = bench;
  const token = bench.newId();
  const entries = await worker.acrossOrganizations('test: claim outbox', (tx) =>
    claimOutbox(tx, token, new Date(), 20),
  );
  const settle = (mine: ClaimedEntry[]) =>
    worker.acrossOrganizations('test: settle outbox', async (tx) => {
      await lockClaimed(tx, token, mine);
      for (const entry of mine) {
        await putOff(tx, token, entry, new Date(), 'again');
        await sleep(5);
      }
    });
  await Promise.all([settle(entries), settle(entries.toReversed())]);
  const left = await bench.owner.query(`select distinct last_error from outbox`);
  expect(left.rows).toEqual([{ last_error: 'again' }]);
});

test('only the oldest entry of a job can be claimed, and never more than asked', async () => {
  await fill(30, 3);
  const claimed = await bench.worker.acrossOrganizations('test: claim outbox', (tx) =>
    claimOutbox(tx, bench.newId(), new Date(), 20),
  );
  expect(claimed.map(({ runNo }) => runNo)).toEqual(Array.from({ length: 20 }, () => 1));
  const rest = await bench.worker.acrossOrganizations('test: claim outbox', (tx) =>
    claimOutbox(tx, bench.newId(), new Date(), 100),
  );
  expect(rest.map(({ runNo }) => runNo)).toEqual(Array.from({ length: 10 }, () => 1));
});

test('of many who want a lease one has it, and another after it was not renewed', async () => {
  const at = Date.now();
  const hold = (holder: string, afterMs: number) =>
    bench.worker.acrossOrganizations('test: hold a lease', (tx) =>
      holdLease({ ...tx, now: new Date(at + afterMs) }, 'test', holder),
    );
  const holders = Array.from({ length: 8 }, () => bench.newId());
  const first = await Promise.all(holders.map((holder) => hold(holder, 0)));
  expect(first.filter((mine) => mine)).toHaveLength(1);
  const winner = holders[first.indexOf(true)]!;
  const other = holders.find((holder) => holder !== winner)!;
  expect(await hold(winner, 2_000)).toBe(true);
  expect(await hold(other, 2_000 + LOOP_LEASE_MS)).toBe(false);
  expect(await hold(other, 2_001 + LOOP_LEASE_MS)).toBe(true);
  expect(await hold(winner, 2_002 + LOOP_LEASE_MS)).toBe(false);
});

test('four processes that fire the same due times at once start one job for each', async () => {
  const { org, owner } = bench;
  const hostId = await bench.addHost();
  const common = {
    workerUrl: bench.urls.worker,
    org,
    hostId,
    schedules: 20,
    dueTimes: 10,
    beginsAtMs: Date.now() + 3_000,
  };
  const said = await Promise.all(
    [1, 2, 3, 4].map(async (seed) => {
      const [verdicts] = (await once(child('due-child.ts', { ...common, seed }), 'message')) as [
        Record<string, number>,
      ];
      return verdicts;
    }),
  );
  const of = (verdict: string) => said.reduce((sum, verdicts) => sum + (verdicts[verdict] ?? 0), 0);
  expect(of('queued') + of('waiting')).toBe(200);
  expect(of('repeated')).toBe(600);
  // More than one of them had something to start, so they did race.
  expect(said.filter((verdicts) => (verdicts.waiting ?? 0) > 0).length).toBeGreaterThan(1);
  const count = async (query: string) => Number((await owner.query(query, [org])).rows[0].count);
  expect(await count('select count(*) from job where org_id = $1')).toBe(200);
  expect(await count(`select count(*) from audit_event where org_id = $1 and action = 'job.start'`)).toBe(200);
  expect((await owner.query('select * from lock_check($1)', [org])).rows).toEqual([]);
});
