import { afterEach, beforeEach, expect, test } from 'vitest';
import { gatewayStore } from '../../src/db/hosts/gateway-store.ts';
import { LEASE_MS } from '../../src/domain/jobs/agent-protocol.ts';
import { publicId } from '../../src/lib/ids.ts';
import { sweepPresence } from '../../src/worker/hosts/presence.ts';
import { pumpOnce } from '../../src/worker/jobs/pump.ts';
import { sweepRepair } from '../../src/worker/jobs/sweep.ts';
import { acceptJob } from '../harness/accept-job.ts';
import { type Bench, openBench } from '../harness/bench.ts';

// Whatever one row holds or meets: it stands alone with it. Each batch of ours is given one that the database refuses.

let bench: Bench;
const logged: object[] = [];
const log = { error: (facts: object) => logged.push(facts), info() {}, warn() {} } as never;
beforeEach(async () => {
  bench = await openBench();
  logged.length = 0;
});
afterEach(() => bench?.close());

/** From now on the database refuses every change of this row, as it would refuse a value. */
async function poison(table: 'host' | 'job' | 'outbox', column: string, id: string, of = 'update'): Promise<void> {
  await bench.owner.query(`create or replace function poison() returns trigger language plpgsql as
    $$ begin raise exception 'poisoned' using errcode = '22P02'; end $$`);
  await bench.owner.query(
    `create trigger poison before ${of} on ${table} for each row when (old.${column}::text = '${id}') execute function poison()`,
  );
}

async function addOrganization(): Promise<{ org: string; host: string }> {
  const [org, site, host] = [bench.newId(), bench.newId(), bench.newId()];
  await bench.owner.query(`insert into organization(id, name, created_at) values ($1, 'Other', now())`, [org]);
  await bench.owner.query(`insert into site(org_id, id, name, created_at) values ($1, $2, 'Main', now())`, [org, site]);
  await bench.owner.query(
    `insert into host(org_id, id, site_id, name, epoch, created_at) values ($1, $2, $3, 'theirs', 1, now())`,
    [org, host, site],
  );
  return { org, host };
}

const beatOf = (orgId: string, hostId: string, runningJobs: string[] = [], arrivedAt = new Date()) => ({
  orgId,
  hostId,
  hostName: 'test',
  epoch: 1,
  runningJobs,
  arrivedAt,
});
const hostRow = async (id: string) =>
  (await bench.owner.query('select lease_until, last_seen_at, running_jobs from host where id = $1', [id])).rows[0];
const store = () => gatewayStore(bench.gateway);
const sweepParts = () => ({
  database: bench.worker,
  engine: { startRuns: async () => {} } as never,
  clock: bench.clock,
  random: bench.random,
  log,
});

test('HJ-33: a beat that the database refuses is dropped alone; its organisation and all others keep their leases', async () => {
  const others = await Promise.all([1, 2, 3, 4].map(() => bench.addHost({ present: false })));
  const bad = await bench.addHost({ present: false });
  const them = await addOrganization();
  const job = publicId('job', bench.newId());
  const beats = [
    beatOf(bench.org, bad, ['\0']),
    ...others.map((host) => beatOf(bench.org, host, [job])),
    beatOf(them.org, them.host),
  ];
  const left = await store().beats(beats);
  expect(left).toMatchObject({ again: [], dropped: [{ hostId: bad }] });
  for (const host of others)
    expect(await hostRow(host)).toMatchObject({ running_jobs: [job], lease_until: expect.any(Date) });
  expect(await hostRow(them.host)).toMatchObject({ lease_until: expect.any(Date) });
  expect(await hostRow(bad)).toMatchObject({ lease_until: null });
});

test('HJ-6: an organisation whose rows are locked comes again; the others are written meanwhile', async () => {
  const held = await bench.addHost({ present: false });
  const them = await addOrganization();
  await bench.owner.query('begin');
  await bench.owner.query('select 1 from host where id = $1 for update', [held]);
  const left = await store().beats([beatOf(bench.org, held), beatOf(them.org, them.host)]);
  expect(left).toMatchObject({ again: [{ hostId: held }], dropped: [] });
  await bench.owner.query('rollback');
  expect(await hostRow(them.host)).toMatchObject({ lease_until: expect.any(Date) });
});

test('HJ-6: a beat says that its host was there when it came, however late it is written, and takes nothing back', async () => {
  const host = await bench.addHost({ present: false });
  const job = publicId('job', bench.newId());
  const [early, late] = [new Date(Date.now() - 60_000), new Date(Date.now() - 20_000)];
  await store().beats([beatOf(bench.org, host, [], early)]);
  expect((await hostRow(host)).lease_until.getTime()).toBe(early.getTime() + LEASE_MS);
  await store().beats([beatOf(bench.org, host, [job], late)]);
  await store().beats([beatOf(bench.org, host, [], early)]);
  expect(await hostRow(host)).toEqual({
    lease_until: new Date(late.getTime() + LEASE_MS),
    last_seen_at: late,
    running_jobs: [job],
  });
});

test('HJ-33: an outbox entry that cannot be settled keeps no other from it, and an error of any text can be written down', async () => {
  const hosts = await Promise.all([1, 2, 3].map(() => bench.addHost()));
  const jobs: string[] = [];
  for (const host of hosts) jobs.push(await acceptJob(bench, 'noop', {}, host));
  await bench.owner.query(`update outbox set claimed_until = null, due_at = now() - interval '1 second'`);
  await poison('outbox', 'job_id', jobs[1]!, 'delete');
  const start = async ({ jobId }: { jobId: string }) => {
    if (jobId === jobs[2]) throw new Error('no\0t now');
  };
  await pumpOnce({ ...sweepParts(), engine: { start } as never });
  const left = await bench.owner.query('select job_id, last_error from outbox order by job_id');
  expect(left.rows).toEqual([
    { job_id: jobs[1], last_error: null },
    { job_id: jobs[2], last_error: 'no␀t now' },
  ]);
  expect(logged).toMatchObject([{ orgId: bench.org }]);
});

test('HJ-6: a host whose presence cannot be written keeps no other from being seen', async () => {
  const them = await addOrganization();
  const hosts = await Promise.all([1, 2, 3].map(() => bench.addHost({ present: false })));
  await bench.owner.query(`update host set lease_until = now() + interval '1 minute'`);
  await poison('host', 'id', hosts[1]!);
  await sweepPresence(sweepParts());
  const away = await bench.owner.query('select id from host where not present');
  expect(away.rows).toEqual([{ id: hosts[1] }]);
  expect(logged).toEqual([{ orgId: bench.org, hostIds: [hosts[1]] }]);
  expect(them.host).not.toBe(hosts[1]);
});

test('HJ-18: a waiting job that cannot be ended keeps no other from its deadline', async () => {
  const host = await bench.addHost({ present: false });
  const jobs: string[] = [];
  for (let count = 0; count < 3; count++) jobs.push(await acceptJob(bench, 'noop', {}, host));
  await bench.owner.query(`update job set queue_deadline_at = now() - interval '1 second'`);
  await poison('job', 'id', jobs[0]!);
  await expect(sweepRepair(sweepParts())).rejects.toThrow('poisoned');
  const left = await bench.owner.query(`select id from job where state = 'waiting'`);
  expect(left.rows).toEqual([{ id: jobs[0] }]);
});
