import { afterEach, beforeEach, expect, test } from 'vitest';
import { changePresenceOf } from '../../src/db/hosts/change-presence.ts';
import { gatewayStore } from '../../src/db/hosts/gateway-store.ts';
import { acceptJobs } from '../../src/db/jobs/accept-jobs.ts';
import { beginRun } from '../../src/db/jobs/run/begin-run.ts';
import { requeueRun } from '../../src/db/jobs/run/requeue-run.ts';
import type { StartOrder } from '../../src/db/jobs/start-orders.ts';
import { LEASE_MS } from '../../src/domain/jobs/agent-protocol.ts';
import { PROBLEM_HOLD_MS } from '../../src/domain/jobs/silence.ts';
import { noop } from '../../src/kinds/core/noop.ts';
import { sweepPresence } from '../../src/worker/hosts/presence.ts';
import { sweepRepair } from '../../src/worker/jobs/sweep.ts';
import { type Bench, openBench } from '../harness/bench.ts';

let bench: Bench;
let nowMs: number;
const clock = { now: () => new Date(nowMs) };
const passed: StartOrder[] = [];
const logged: { level: string; fields: object }[] = [];
beforeEach(async () => {
  nowMs = Date.now();
  bench = await openBench(clock);
  passed.length = 0;
  logged.length = 0;
});
afterEach(() => bench?.close());

const log = { error: (fields: object) => logged.push({ level: 'error', fields }), info: () => {} } as never;
const parts = () => ({
  database: bench.worker,
  engine: {
    startRuns: async (starts: readonly StartOrder[]) => void passed.push(...starts),
  },
  clock,
  random: bench.random,
  log,
});
const sweep = () => sweepPresence(parts());
const store = () => gatewayStore(bench.gateway);

const beatOf = (hostId: string) => ({
  orgId: bench.org,
  hostId,
  hostName: 'test',
  epoch: 1,
  runningJobs: [],
  arrivedAt: clock.now(),
});

/** Lets time pass as it does beside a healthy gateway: it says each 2 s that it lives, and these hosts beat. */
async function pass(ms: number, beating: readonly string[] = []): Promise<void> {
  for (const end = nowMs + ms; nowMs < end; ) {
    nowMs = Math.min(end, nowMs + 2_000);
    await store().heartbeat(false);
    if (beating.length > 0) await store().beats(beating.map(beatOf));
  }
}

/** Hosts with a fresh lease, beside a gateway that has been there for long. */
async function hostsThatBeat(count: number): Promise<string[]> {
  const hosts: string[] = [];
  for (let i = 0; i < count; i++) hosts.push(await bench.addHost());
  await pass(LEASE_MS + 2_000, hosts);
  return hosts;
}

const present = async (): Promise<number> =>
  Number((await bench.owner.query('select count(*) from host where present')).rows[0].count);

async function start(hostId: string): Promise<string> {
  const { org } = bench;
  const [answer] = await bench.api.inOrganization(org, (tx) => acceptJobs(tx, [bench.request('noop', {}, hostId)]));
  return (answer as { jobId: string }).jobId;
}
const job = async (id: string) =>
  (await bench.owner.query('select state, reason, outcome_code from job where id = $1', [id])).rows[0];

test('HJ-6: a host whose lease ran out is away with the next sweep, and back with the next after its beat', async () => {
  const [host] = await hostsThatBeat(1);
  await pass(LEASE_MS);
  await sweep();
  expect(await present()).toBe(1);
  await pass(1);
  await sweep();
  expect(await present()).toBe(0);
  await pass(1, [host!]);
  await sweep();
  expect(await present()).toBe(1);
  const events = await bench.owner.query(
    `select data->>'online' as online from event where topic = 'host.changed' order by id`,
  );
  expect(events.rows.map(({ online }) => online)).toEqual(['false', 'true']);
});

test('HJ-6: a sweep that finds no change is one transaction; changes of an organisation are one more', async () => {
  await hostsThatBeat(4);
  const transactions = async () => {
    const before = bench.worker.transactions.count;
    await sweep();
    return bench.worker.transactions.count - before;
  };
  expect(await transactions()).toBe(1);
  await pass(LEASE_MS + 1);
  expect(await transactions()).toBe(2);
  expect(await present()).toBe(0);
});

test('HJ-6: while gateways are away, and for one lease after, nobody is called away', async () => {
  const hosts = await hostsThatBeat(3);
  // Killed, and back after a minute: hosts find their way back within a few seconds.
  nowMs += 60_000;
  await sweep();
  expect(await present()).toBe(3);
  await store().heartbeat(true);
  await sweep();
  expect(await present()).toBe(3);
  await pass(LEASE_MS - 1, hosts.slice(0, 2));
  await sweep();
  expect(await present()).toBe(3);
  await pass(1, hosts.slice(0, 2));
  await sweep();
  // The third one did not come back.
  expect(await present()).toBe(2);
});

test('HJ-6: a restart shorter than the gap counts as one too, because its agents were cut off', async () => {
  await hostsThatBeat(1);
  await pass(LEASE_MS - 2_000);
  await store().heartbeat(true);
  await pass(4_000);
  await sweep();
  expect(await present()).toBe(1);
});

test('HJ-6: when the database was away, the sweep that comes first after it believes nothing', async () => {
  const hosts = await hostsThatBeat(2);
  nowMs += 60_000;
  await sweep();
  await store().heartbeat(false);
  await sweep();
  await pass(10_000, hosts);
  await sweep();
  expect(await present()).toBe(2);
});

test('many hosts silent at once are one problem of the ingest, told once; those that stay silent are away after a minute', async () => {
  const hosts = await hostsThatBeat(20);
  const loud = hosts.slice(5);
  await pass(LEASE_MS + 1_000, loud);
  await sweep();
  await sweep();
  expect(await present()).toBe(20);
  expect(logged).toEqual([{ level: 'error', fields: { silentHosts: 5 } }]);
  const row = async () => (await bench.owner.query('select problem_since, silent_hosts from ingest')).rows[0];
  expect(await row()).toMatchObject({ problem_since: expect.any(Date), silent_hosts: 5 });
  await pass(PROBLEM_HOLD_MS, [...loud, hosts[0]!]);
  await sweep();
  expect(await present()).toBe(16);
  expect(await row()).toMatchObject({ problem_since: null });
});

test('a beat that arrives between the look and the change counts', async () => {
  const [host] = await hostsThatBeat(1);
  await pass(LEASE_MS + 1);
  await pass(1, [host!]);
  await bench.worker.inOrganization(bench.org, (tx) => changePresenceOf(tx, [host!]));
  expect(await present()).toBe(1);
});

test('HJ-18: jobs for a host that is away hold nothing, start when it comes, in their order', async () => {
  const [host] = await hostsThatBeat(1);
  await pass(LEASE_MS + 1);
  await sweep();
  const [first, second] = [await start(host!), await start(host!)];
  expect(await job(first)).toMatchObject({ state: 'waiting', reason: 'host_offline' });
  expect((await bench.owner.query('select 1 from lock_slot')).rowCount).toBe(0);
  await pass(1, [host!]);
  await sweep();
  expect(passed.map(({ jobId }) => jobId)).toEqual([first]);
  expect(await job(second)).toMatchObject({ state: 'waiting', reason: 'lock' });
  const told = await bench.owner.query(
    `select data->>'reason' as reason from event where subject_id = $1 order by id desc limit 1`,
    [second],
  );
  expect(told.rows[0].reason).toBe('lock');
});

test('HJ-18: one that waits to the limit of its kind ends as timed_out, with what to do', async () => {
  const host = await bench.addHost({ present: false });
  const waits = await start(host);
  nowMs += noop.limits.queueDeadlineMs;
  await sweepRepair(parts());
  expect((await job(waits)).state).toBe('waiting');
  nowMs += 1;
  await sweepRepair(parts());
  expect(await job(waits)).toMatchObject({ state: 'timed_out', outcome_code: 'queue-deadline' });
  expect((await bench.owner.query('select 1 from lock_request')).rowCount).toBe(0);
});

test('a job without keys for a host that is away starts when the host comes', async () => {
  const [host] = await hostsThatBeat(1);
  await pass(LEASE_MS + 1);
  await sweep();
  const waits = await start(host!);
  // As a kind of the quick lane, which takes no key.
  await bench.owner.query('delete from lock_request where job_id = $1', [waits]);
  await pass(1, [host!]);
  await sweep();
  expect(passed.map(({ jobId }) => jobId)).toEqual([waits]);
});

test('a host that picks nothing up counts as away until it beats again, and its next job is not started meanwhile', async () => {
  const [host] = await hostsThatBeat(1);
  const [first, second] = [await start(host!), await start(host!)];
  const input = { orgId: bench.org, jobId: first, runNo: 1 };
  await bench.worker.inOrganization(bench.org, (tx) => beginRun(tx, input, 'run'));
  const requeued = await bench.worker.inOrganization(bench.org, (tx) => requeueRun(tx, input, 'run'));
  expect(requeued).toEqual({ verdict: 'waiting', starts: [] });
  await sweep();
  expect(await job(second)).toMatchObject({ state: 'waiting', reason: 'host_offline' });
  await pass(1, [host!]);
  await sweep();
  expect(passed.map(({ jobId, runNo }) => [jobId, runNo])).toEqual([[first, 2]]);
  expect((await bench.owner.query('select * from lock_check($1)', [bench.org])).rows).toEqual([]);
});

test('a job without a host that nobody took up is started anew at once', async () => {
  const { org } = bench;
  const [answer] = await bench.api.inOrganization(org, (tx) => acceptJobs(tx, [bench.request('noop', {}, null)]));
  const { jobId } = answer as { jobId: string };
  const input = { orgId: org, jobId, runNo: 1 };
  await bench.worker.inOrganization(org, (tx) => beginRun(tx, input, 'run'));
  const requeued = await bench.worker.inOrganization(org, (tx) => requeueRun(tx, input, 'run'));
  expect(requeued).toMatchObject({ verdict: 'waiting', starts: [{ jobId, runNo: 2 }] });
  expect(await job(jobId)).toMatchObject({ state: 'queued', reason: null });
  expect((await bench.owner.query('select run_no, kind from outbox')).rows).toEqual([{ run_no: 2, kind: 'start' }]);
});
