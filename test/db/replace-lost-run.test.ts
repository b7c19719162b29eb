import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { gatewayStore } from '../../src/db/hosts/gateway-store.ts';
import { acceptJobs } from '../../src/db/jobs/accept-jobs.ts';
import { requestCancel } from '../../src/db/jobs/request-cancel.ts';
import { beginRun } from '../../src/db/jobs/run/begin-run.ts';
import { claimAttempt } from '../../src/db/jobs/run/claim-attempt.ts';
import { finishRun } from '../../src/db/jobs/run/finish-run.ts';
import { giveUpAttempt } from '../../src/db/jobs/run/give-up-attempt.ts';
import { type LostRun, replaceLostRun } from '../../src/db/jobs/run/replace-lost-run.ts';
import { FIRST_RUN, runsUnderWay } from '../../src/db/jobs/run/runs-under-way.ts';
import type { LogLine } from '../../src/domain/jobs/agent-protocol.ts';
import { type Bench, openBench } from '../harness/bench.ts';

const TOKEN = Buffer.from('token');
const RESULT = { outcome: { code: 'succeeded', counts: {}, refs: {} }, failures: [], failureCount: 0 };
const said = (lines: readonly LogLine[]) => ({ firstSeq: 0, lines, progress: null, result: RESULT, last: true });

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
});
afterAll(() => bench?.close());

async function runningJob() {
  const { org } = bench;
  const hostId = await bench.addHost();
  const [answer] = await bench.api.inOrganization(org, (tx) => acceptJobs(tx, [bench.request('noop', {}, hostId)]));
  if (answer?.verdict !== 'queued') throw new Error('not queued');
  const { jobId } = answer;
  const input = { orgId: org, jobId, runNo: 1 };
  const begin = (runNo: number) =>
    bench.worker.inOrganization(org, (tx) => beginRun(tx, { ...input, runNo }, `run ${runNo}`));
  await begin(1);
  const lost: LostRun = { ...input, runId: 'run 1', how: 'missing', by: null };
  const replace = (one = lost) => bench.worker.inOrganization(org, (tx) => replaceLostRun(tx, one));
  const store = gatewayStore(bench.gateway);
  const host = { orgId: org, hostId, hostName: 'h' };
  const ticket = { jobId, runNo: 1, runId: 'run 1', attempt: 1, activity: 'noop.v1' };
  const row = async () => (await bench.owner.query('select * from job where id = $1', [jobId])).rows[0];
  return { jobId, input, begin, lost, replace, store, host, ticket, row };
}

const count = async (sql: string, jobId: string) => (await bench.owner.query(sql, [jobId])).rowCount;

test('a lost run is replaced once, whoever says it how often, and the job keeps its keys', async () => {
  const { jobId, replace, row } = await runningJob();
  const answers = await Promise.all(Array.from({ length: 8 }, () => replace()));
  expect(answers.filter((starts) => starts.length > 0)).toHaveLength(1);
  expect(answers.flat()).toMatchObject([{ jobId, runNo: 2 }]);
  expect(await row()).toMatchObject({ state: 'queued', run_no: 2, run_id: null });
  expect(await count('select 1 from lock_slot where job_id = $1', jobId)).toBe(1);
  expect(await count(`select 1 from outbox where job_id = $1 and kind = 'start' and run_no = 2`, jobId)).toBe(1);
  expect(await count(`select 1 from audit_event where object_id = $1 and action = 'job.run-lost'`, jobId)).toBe(1);
});

test('a job that has ended meanwhile is left alone', async () => {
  const { input, replace, row } = await runningJob();
  await bench.worker.inOrganization(bench.org, (tx) => finishRun(tx, input, 'run 1', { how: 'cancelled' }, 1));
  expect(await replace()).toEqual([]);
  expect(await row()).toMatchObject({ state: 'cancelled', run_no: 1 });
});

test('the next run learns what the lost one had begun, and its late result counts', async () => {
  const { input, begin, replace, store, host, ticket } = await runningJob();
  expect(await store.claim(host, ticket, TOKEN)).toMatchObject({ verdict: 'claimed' });
  await replace();
  expect(await begin(2)).toMatchObject({
    verdict: 'go',
    cancelAsked: false,
    leftBehind: { runNo: 1, attempt: 1, attempts: 1, claimedAttempts: 1 },
  });
  expect(await store.report(host, ticket, TOKEN, said([[1, 'out', 'done']]))).toMatchObject({ nextSeq: 1 });
  const known = await bench.worker.inOrganization(bench.org, (tx) =>
    giveUpAttempt(tx, { ...input, runNo: 2 }, 'run 2', { runNo: 1, attempt: 1 }),
  );
  expect(known).toMatchObject({ claimed: true, outcome: { code: 'succeeded' }, verifyUntilMs: null });
});

test('the fence: an attempt of the lost run, or of one that was reset to its number, can neither claim nor report', async () => {
  const { begin, replace, store, host, ticket } = await runningJob();
  const reset = { ...ticket, runId: 'run 1 reset' };
  expect(await store.claim(host, reset, TOKEN)).toMatchObject({ verdict: 'refused' });
  expect(await store.report(host, reset, TOKEN, said([[1, 'out', 'x']]))).toMatchObject({ closed: true });
  await replace();
  expect(await store.claim(host, ticket, TOKEN)).toMatchObject({ verdict: 'refused' });
  expect(await store.report(host, ticket, TOKEN, said([[1, 'out', 'x']]))).toMatchObject({ closed: true });
  expect(await begin(1)).toEqual({ verdict: 'not-mine' });
  expect(await begin(2)).toMatchObject({ leftBehind: null });
});

test('a claim that is not yet committed holds the next run back, which then knows of it', async () => {
  const { begin, replace, host, ticket } = await runningJob();
  const { orgId, hostId } = host;
  let next: ReturnType<typeof begin> | null = null;
  await bench.gateway.inOrganization(orgId, async (tx) => {
    const who = { orgId, hostId, ...ticket, tokenHash: TOKEN };
    expect(await claimAttempt(tx, who, bench.newId(), bench.clock.now())).toMatchObject({ verdict: 'claimed' });
    next = replace().then(() => begin(2));
    const waits = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
    await vi.waitUntil(async () => (await bench.owner.query(waits)).rowCount === 1, { timeout: 10_000, interval: 20 });
  });
  expect(await next).toMatchObject({ leftBehind: { claimedAttempts: 1 } });
});

test('a job whose cancel nobody carries out any more stays cancelling, for the next run to settle', async () => {
  const { jobId, begin, replace, row } = await runningJob();
  const scope = { orgId: bench.org, actor: bench.actor, requestId: 'test' };
  await bench.api.inOrganization(scope, (tx) => requestCancel(tx, jobId, 'enough'));
  expect(await replace()).toHaveLength(1);
  expect(await row()).toMatchObject({ state: 'cancelling', run_no: 2, cancel_actor: 'test', cancel_reason: 'enough' });
  expect(await begin(2)).toMatchObject({ verdict: 'go', cancelAsked: true });
});

test('runs under way are found page by page, those whose start is still to be sent are not', async () => {
  const jobs = [await runningJob(), await runningJob(), await runningJob()];
  await jobs[1]!.replace();
  const found: string[] = [];
  for (let after = FIRST_RUN; ; ) {
    const page = await bench.worker.acrossOrganizations('test: runs under way', (tx) => runsUnderWay(tx, after, 2));
    if (page.length === 0) break;
    found.push(...page.map(({ jobId }) => jobId));
    after = page.at(-1)!;
  }
  expect(new Set(found).size).toBe(found.length);
  expect(found).toEqual(expect.arrayContaining([jobs[0]!.jobId, jobs[2]!.jobId]));
  expect(found).not.toContain(jobs[1]!.jobId);
});
