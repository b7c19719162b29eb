import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lockOrganization } from '../../src/db/core/lock-organization.ts';
import { acceptJobs } from '../../src/db/jobs/accept-jobs.ts';
import { changePresence } from '../../src/db/jobs/grant.ts';
import { getJob } from '../../src/db/jobs/jobs.ts';
import { requestCancel } from '../../src/db/jobs/request-cancel.ts';
import { beginRun } from '../../src/db/jobs/run/begin-run.ts';
import { finishRun } from '../../src/db/jobs/run/finish-run.ts';
import type { RunInput } from '../../src/domain/jobs/run.ts';
import { publicId } from '../../src/lib/ids.ts';
import { acceptJob } from '../harness/accept-job.ts';
import { type Bench, openBench } from '../harness/bench.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

const accept = (kind: string, params: Record<string, unknown>, hostId: string | null) =>
  acceptJob(bench, kind, params, hostId);

const state = async (jobId: string) =>
  (await bench.owner.query('select state, reason, run_no from job where id = $1', [jobId])).rows[0];

async function end(jobId: string): Promise<void> {
  const input: RunInput = { orgId: bench.org, jobId, runNo: 1 };
  await bench.worker.inOrganization(bench.org, (tx) => beginRun(tx, input, `run-of-${jobId}`));
  const outcome = { code: 'succeeded', counts: {}, refs: {} };
  await bench.worker.inOrganization(bench.org, (tx) =>
    finishRun(tx, input, `run-of-${jobId}`, { how: 'answered', outcome }, 1),
  );
}

const violations = async () => (await bench.owner.query('select * from lock_check($1)', [bench.org])).rows;

const cancel = (jobId: string) =>
  bench.api.inOrganization({ orgId: bench.org, actor: bench.actor, requestId: 'test' }, (tx) =>
    requestCancel(tx, jobId, null),
  );

const presence = (hostId: string, present: boolean) =>
  bench.worker.inOrganization(bench.org, async (tx) => {
    await lockOrganization(tx);
    return changePresence(tx, hostId, present);
  });

test('HJ-11: a host does one job at a time, in the order they were accepted, across kinds', async () => {
  const host = await bench.addHost();
  const plan = await bench.addPlan(host);
  const first = await accept('noop', {}, host);
  const second = await accept('backup', { planId: publicId('plan', plan.id) }, null);
  const third = await accept('noop', {}, host);
  expect((await state(first)).state).toBe('queued');
  expect(await state(second)).toMatchObject({ state: 'waiting', reason: 'lock' });
  await end(first);
  expect((await state(second)).state).toBe('queued');
  expect((await state(third)).state).toBe('waiting');
  await end(second);
  expect((await state(third)).state).toBe('queued');
  expect(await violations()).toEqual([]);
});

test('HJ-18: a job for a host that is away waits and holds nothing, and starts when the host comes', async () => {
  const host = await bench.addHost({ present: false });
  const job = await accept('noop', {}, host);
  expect(await state(job)).toMatchObject({ state: 'waiting', reason: 'host_offline' });
  expect((await bench.owner.query('select 1 from lock_slot where job_id = $1', [job])).rowCount).toBe(0);
  expect(await presence(host, true)).toEqual([job]);
  expect((await state(job)).state).toBe('queued');
});

test('an exclusive request that only sharers hold back closes the repository, so that it cannot starve', async () => {
  const [a, b, c] = [await bench.addHost(), await bench.addHost(), await bench.addHost()];
  const repository = await bench.addRepository();
  const plans = [await bench.addPlan(a, repository), await bench.addPlan(b, repository)];
  const running = await accept('backup', { planId: publicId('plan', plans[0]!.id) }, null);
  const exclusive = await accept('init', { repositoryId: publicId('repository', repository) }, c);
  const later = await accept('backup', { planId: publicId('plan', plans[1]!.id) }, null);
  expect((await state(running)).state).toBe('queued');
  expect((await state(exclusive)).state).toBe('waiting');
  expect((await state(later)).state).toBe('waiting');
  // Not the one that shares the repository: that one is not in its way.
  const seen = await bench.api.inOrganization(bench.org, (tx) => getJob(tx, later));
  expect(seen?.wait).toMatchObject({ behindJobId: publicId('job', exclusive), position: 2 });
  await end(running);
  expect((await state(exclusive)).state).toBe('queued');
  expect((await state(later)).state).toBe('waiting');
  await end(exclusive);
  expect((await state(later)).state).toBe('queued');
  expect(await violations()).toEqual([]);
});

test('a job that would wait is refused with the job in its way when it is asked so, and leaves nothing', async () => {
  const host = await bench.addHost();
  const holder = await accept('noop', {}, host);
  const before = (await bench.owner.query('select count(*)::int as n from job')).rows[0].n;
  const asked = { ...bench.request('noop', {}, host), ifBusy: 'refuse' as const };
  const refused = bench.api.inOrganization(bench.org, (tx) => acceptJobs(tx, [asked]));
  await expect(refused).rejects.toMatchObject({ code: 'host-busy', extra: { jobId: publicId('job', holder) } });
  expect((await bench.owner.query('select count(*)::int as n from job')).rows[0].n).toBe(before);
});

test('of several jobs that hold its keys, the one in the way is named, not one that shares', async () => {
  const [other, host] = [await bench.addHost(), await bench.addHost()];
  const repository = await bench.addRepository();
  const [sharing, mine] = [await bench.addPlan(other, repository), await bench.addPlan(host, repository)];
  await accept('backup', { planId: publicId('plan', sharing.id) }, null);
  const holder = await accept('noop', {}, host);
  const asked = { ...bench.request('backup', { planId: publicId('plan', mine.id) }, null), ifBusy: 'refuse' as const };
  const refused = bench.api.inOrganization(bench.org, (tx) => acceptJobs(tx, [asked]));
  await expect(refused).rejects.toMatchObject({
    code: 'host-busy',
    message: expect.stringMatching(/^It would wait: behind "Do nothing on/),
    extra: { jobId: publicId('job', holder) },
  });
});

test('a job that would wait for a host that is away is refused with that reason', async () => {
  const host = await bench.addHost({ present: false });
  const asked = { ...bench.request('noop', {}, host), ifBusy: 'refuse' as const };
  const refused = bench.api.inOrganization(bench.org, (tx) => acceptJobs(tx, [asked]));
  await expect(refused).rejects.toMatchObject({ message: expect.stringMatching(/has never been seen/), extra: {} });
});

test('a cancel of a job that waits or was never begun ends it at once; of one that runs it asks; twice changes nothing more', async () => {
  const host = await bench.addHost();
  const first = await accept('noop', {}, host);
  const second = await accept('noop', {}, host);
  expect(await cancel(second)).toMatchObject({ state: 'cancelled', tell: null });
  expect(await cancel(second)).toMatchObject({ state: 'cancelled', tell: null });
  const begin = (jobId: string) =>
    bench.worker.inOrganization(bench.org, (tx) =>
      beginRun(tx, { orgId: bench.org, jobId, runNo: 1 }, `run-of-${jobId}`),
    );
  const third = await accept('noop', {}, host);
  const cancelled = await cancel(first);
  expect(cancelled).toMatchObject({ state: 'cancelled', tell: null, starts: [{ jobId: third }] });
  // Its start may have been on its way.
  expect(await begin(first)).toMatchObject({ verdict: 'not-mine' });
  expect((await bench.owner.query('select kind from outbox where job_id = $1', [first])).rows).toEqual([]);
  await begin(third);
  expect(await cancel(third)).toMatchObject({ state: 'cancelling', tell: { jobId: third, runNo: 1 } });
  expect(await cancel(third)).toMatchObject({ state: 'cancelling', tell: null });
  expect(await begin(third)).toMatchObject({ verdict: 'go', cancelAsked: true });
});

test('who cannot see an organisation is told that it has no lock of it', async () => {
  const other = bench.newId();
  const lock = (org: string) =>
    bench.worker.inOrganization(bench.org, (tx) => tx.run(sql`select lock_enter(${org}::uuid)`));
  await expect(lock(other)).rejects.toThrow('not to be seen');
  await lock(bench.org);
});

test('what another run of the job says is refused: the fence', async () => {
  const job = await accept('noop', {}, null);
  const input: RunInput = { orgId: bench.org, jobId: job, runNo: 1 };
  const go = (runNo: number, runId: string) =>
    bench.worker.inOrganization(bench.org, (tx) => beginRun(tx, { ...input, runNo }, runId));
  expect(await go(1, 'mine')).toMatchObject({ verdict: 'go' });
  expect(await go(1, 'mine')).toMatchObject({ verdict: 'go' });
  expect(await go(1, 'other')).toEqual({ verdict: 'not-mine' });
  expect(await go(2, 'mine')).toEqual({ verdict: 'not-mine' });
  const finish = (runId: string) =>
    bench.worker.inOrganization(bench.org, (tx) => finishRun(tx, input, runId, { how: 'cancelled' }, 0));
  expect(await finish('other')).toEqual({ end: null, starts: [] });
  expect(await finish('mine')).toMatchObject({ end: { state: 'cancelled' } });
  expect(await finish('mine')).toMatchObject({ end: { state: 'cancelled' } });
  expect(
    (await bench.owner.query(`select 1 from event where subject_id = $1 and topic = 'job.ended'`, [job])).rowCount,
  ).toBe(1);
});
