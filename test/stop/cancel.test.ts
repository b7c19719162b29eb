import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { acceptJobs } from '../../src/db/jobs/accept-jobs.ts';
import { processesOf } from '../harness/job-processes.ts';
import { locksIn } from '../harness/restic-locks.ts';
import { openStack, type Stack } from '../harness/stack.ts';
import { TEST_ACTIVITIES, TEST_STOP } from '../harness/test-activities.ts';
import { changeKind } from '../harness/test-kinds.ts';
import { slowBackup } from './slow-backup.ts';

/** Promise 2: a cancel means that the process is gone, the lock is gone, and the queue behind moves. */
let stack: Stack;
beforeAll(async () => {
  stack = await openStack();
});
afterAll(() => stack?.close());

const WAIT = { timeout: 30_000, interval: 20 };
const running = (jobId: string) => processesOf(stack.agent, jobId);
/** Until so many processes of the job run. */
const untilRuns = (jobId: string, least: number) =>
  vi.waitUntil(async () => (await running(jobId)).length >= least, WAIT);

async function expectGone(jobId: string, behind: string): Promise<void> {
  expect(await running(jobId)).toEqual([]);
  expect((await stack.owner.query('select 1 from lock_slot where job_id = $1', [jobId])).rowCount).toBe(0);
  expect(await stack.untilState(behind, 'succeeded')).toMatchObject({ attempts: 1 });
}

test.each([
  ['ignores every signal it can', TEST_ACTIVITIES.stubborn, 1],
  ['has children, one of them in a session of its own', TEST_ACTIVITIES.forking, 4],
] as const)(
  'a program that %s is gone when the job is cancelled, and the next one runs',
  async (_what, activity, least) => {
    changeKind(stack, 'noop', { activity, stop: TEST_STOP });
    const job = await stack.start('noop', {}, stack.hostId);
    await untilRuns(job, least);
    await stack.cancel(job);
    expect(await stack.untilState(job, 'cancelled', 'failed', 'succeeded')).toMatchObject({
      state: 'cancelled',
      attempts: 1,
    });
    changeKind(stack, 'noop', { activity: 'noop.v1' });
    await expectGone(job, await stack.start('noop', {}, stack.hostId));
  },
);

test('HJ-13: a job that was done first has succeeded, and shows that its cancel was asked', async () => {
  changeKind(stack, 'noop', { activity: TEST_ACTIVITIES.deaf });
  const job = await stack.start('noop', {}, stack.hostId);
  await vi.waitUntil(
    async () =>
      (await stack.owner.query('select 1 from attempt where job_id = $1 and claimed_at is not null', [job])).rowCount,
    WAIT,
  );
  await stack.cancel(job);
  expect(await stack.untilState(job, 'cancelled', 'succeeded')).toMatchObject({
    state: 'succeeded',
    cancel_requested_at: expect.any(Date),
    cancel_actor: 'test',
  });
});

test('a cancel before the run began, and one beside its start, end it; the host does nothing', async () => {
  const { org } = stack;
  const [accepted] = await stack.api.inOrganization(org, (tx) =>
    acceptJobs(tx, [stack.request('noop', {}, stack.hostId)]),
  );
  if (accepted?.verdict !== 'queued') throw new Error('not queued');
  await stack.cancel(accepted.jobId);
  await stack.engine.startRuns([accepted.start]);
  expect(await stack.untilState(accepted.jobId, 'cancelled')).toMatchObject({ attempts: 0 });
  for (let round = 0; round < 10; round++) {
    const job = await stack.start('noop', { sleepMs: 30_000 }, stack.hostId);
    await new Promise((resolve) => setTimeout(resolve, round * 15));
    await stack.cancel(job);
    expect(await stack.untilState(job, 'cancelled', 'failed', 'unknown')).toMatchObject({ state: 'cancelled' });
  }
  expect((await stack.owner.query(`select 1 from job where state = 'cancelling'`)).rowCount).toBe(0);
});

test('HJ-13: restic under a bandwidth limit: process gone within 75 s and lock gone within 95 s of the cancel', async () => {
  const { job, locks } = await slowBackup(stack);
  await untilRuns(job, 1);
  await vi.waitUntil(() => locksIn(locks).length === 1, WAIT);
  const beganMs = Date.now();
  await stack.cancel(job);
  await vi.waitUntil(async () => (await running(job)).length === 0, { timeout: 80_000, interval: 20 });
  const processMs = Date.now() - beganMs;
  await vi.waitUntil(() => locksIn(locks).length === 0, { timeout: 20_000, interval: 20 });
  process.stdout.write(`cancel of a slow restic: process gone ${processMs} ms, lock gone ${Date.now() - beganMs} ms\n`);
  expect(processMs).toBeLessThan(75_000);
  expect(await stack.untilState(job, 'cancelled', 'failed', 'succeeded')).toMatchObject({ state: 'cancelled' });
  await expectGone(job, await stack.start('noop', {}, stack.hostId));
}, 120_000);
