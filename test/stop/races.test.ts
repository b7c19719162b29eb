import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { acceptJobs } from '../../src/db/jobs/accept-jobs.ts';
import { runWorkflowId } from '../../src/domain/jobs/workflow-id.ts';
import { processesOf } from '../harness/job-processes.ts';
import { openStack, type Stack } from '../harness/stack.ts';
import { TEST_ACTIVITIES, TEST_STOP } from '../harness/test-activities.ts';
import { changeKind } from '../harness/test-kinds.ts';
import { holdJob, holdOrganization, openGate, openGates, untilTold, untilWaits } from './waiting-for.ts';

/** HJ-13: a cancel that meets a start or an end. Who comes first is forced by gates in the agent and locks in the database. */
let stack: Stack;
beforeAll(async () => {
  stack = await openStack();
});
afterAll(() => stack?.close());
beforeEach(() => {
  stack.agent.told.length = 0;
});

/** A job whose attempt stands before its claim. */
async function gatedJob(): Promise<string> {
  changeKind(stack, 'noop', { activity: TEST_ACTIVITIES.gated, stop: TEST_STOP });
  const job = await stack.start('noop', {}, stack.hostId);
  await untilTold(stack.agent, 'at claim');
  expect(await stack.job(job)).toMatchObject({ state: 'running' });
  return job;
}

const claimsOf = async (job: string) =>
  (await stack.owner.query('select 1 from attempt where job_id = $1 and claimed_at is not null', [job])).rowCount;

/** Nothing of it ran, nothing of it is left, and the host does the next one. */
async function expectNothingDone(job: string): Promise<void> {
  expect(await stack.untilState(job, 'cancelled', 'failed', 'succeeded')).toMatchObject({
    state: 'cancelled',
    cancel_actor: 'test',
  });
  expect((await stack.log(job)).join('\n')).not.toContain('the program ran');
  expect(await processesOf(stack.agent, job)).toEqual([]);
  changeKind(stack, 'noop', { activity: 'noop.v1' });
  await stack.untilState(await stack.start('noop', {}, stack.hostId), 'succeeded');
}

/** Accepted, granted, and not yet told to the engine. */
async function unsentJob() {
  const { org } = stack;
  const [accepted] = await stack.api.inOrganization(org, (tx) =>
    acceptJobs(tx, [stack.request('noop', { sleepMs: 30_000 }, stack.hostId)]),
  );
  if (accepted?.verdict !== 'queued') throw new Error('not queued');
  return { job: accepted.jobId, startRuns: () => stack.engine.startRuns([accepted.start]) };
}

const runOf = (job: string) => stack.client.workflow.getHandle(runWorkflowId(job, 1));

test('a cancel before begin, which waits behind it: the job has ended, its run finds nothing to do', async () => {
  const { job, startRuns } = await unsentJob();
  const release = await holdOrganization(stack);
  const cancelled = stack.cancel(job);
  await untilWaits(stack, 'api', 'lock_enter');
  await startRuns();
  await untilWaits(stack, 'worker', 'lock_enter');
  await release();
  await cancelled;
  expect(await stack.job(job)).toMatchObject({
    state: 'cancelled',
    outcome_code: 'cancelled-before-start',
    started_at: null,
    run_id: null,
  });
  expect(await runOf(job).result()).toMatch(/^this run has nothing to do/);
  expect((await stack.owner.query('select 1 from attempt where job_id = $1', [job])).rowCount).toBe(0);
});

test('a cancel behind begin: the run that has just begun is told, and ends the job', async () => {
  const { job, startRuns } = await unsentJob();
  const release = await holdOrganization(stack);
  await startRuns();
  await untilWaits(stack, 'worker', 'lock_enter');
  const cancelled = stack.cancel(job);
  await untilWaits(stack, 'api', 'lock_enter');
  await release();
  await cancelled;
  expect(await stack.untilState(job, 'cancelled', 'failed', 'succeeded')).toMatchObject({
    state: 'cancelled',
    outcome_code: 'cancelled',
    started_at: expect.any(Date),
  });
  await expect(runOf(job).result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
});

test('a cancel between the start of the attempt and its claim: the claim is refused, the program never starts', async () => {
  const job = await gatedJob();
  await stack.cancel(job);
  await openGate(stack.agent, 'claim');
  await expectNothingDone(job);
  expect(await claimsOf(job)).toBe(0);
});

test('a cancel at the moment of the claim, and before it: the claim finds it and is refused', async () => {
  const job = await gatedJob();
  const release = await holdJob(stack, job);
  const cancelled = stack.cancel(job);
  await untilWaits(stack, 'api', 'cancel_requested_at');
  await openGate(stack.agent, 'claim');
  await untilWaits(stack, 'gateway', 'for share');
  await release();
  await cancelled;
  await expectNothingDone(job);
  expect(await claimsOf(job)).toBe(0);
});

test('a cancel at the moment of the claim, and after it, or between claim and program: the program never starts', async () => {
  const job = await gatedJob();
  const release = await holdJob(stack, job);
  await openGate(stack.agent, 'claim');
  await untilWaits(stack, 'gateway', 'for share');
  const cancelled = stack.cancel(job);
  await untilWaits(stack, 'api', 'cancel_requested_at');
  await release();
  await cancelled;
  expect(await claimsOf(job)).toBe(1);
  await untilTold(stack.agent, 'stop heard');
  await openGate(stack.agent, 'spawn');
  await expectNothingDone(job);
});

test('a cancel after the program has ended and before the row has: what was finished first is shown as finished', async () => {
  const job = await gatedJob();
  await openGates(stack.agent, 'claim', 'spawn');
  await untilTold(stack.agent, 'at answer');
  const release = await holdOrganization(stack);
  const cancelled = stack.cancel(job);
  await untilWaits(stack, 'api', 'lock_enter');
  await openGate(stack.agent, 'answer');
  await untilWaits(stack, 'worker', 'lock_enter');
  await release();
  await cancelled;
  expect(await stack.untilState(job, 'cancelled', 'succeeded', 'failed')).toMatchObject({
    state: 'succeeded',
    outcome_code: 'succeeded',
    cancel_requested_at: expect.any(Date),
    cancel_actor: 'test',
  });
  expect((await stack.owner.query('select 1 from outbox where job_id = $1', [job])).rowCount).toBe(0);
});

test('HJ-13: a cancel behind the end that is about to be committed is told that the job has ended, and leaves no trace', async () => {
  const job = await gatedJob();
  await openGates(stack.agent, 'claim', 'spawn');
  const release = await holdJob(stack, job);
  await openGate(stack.agent, 'answer');
  await untilWaits(stack, 'worker', 'outcome_code');
  const cancelled = stack.cancel(job).catch((thrown: unknown) => thrown);
  await untilWaits(stack, 'api', 'lock_enter');
  await release();
  expect(await cancelled).toMatchObject({ code: 'job-already-finished' });
  expect(await stack.job(job)).toMatchObject({ state: 'succeeded', cancel_requested_at: null, cancel_actor: null });
});

test('a cancel of an attempt that no agent has taken up ends the job at once', async () => {
  const agent = await stack.addAgent();
  await agent.kill('SIGKILL');
  // It counts as there for the rest of its lease, so that its job is started and its attempt lies in its queue.
  const job = await stack.start('noop', {}, agent.hostId);
  await stack.untilState(job, 'running');
  await stack.cancel(job);
  await vi.waitUntil(async () => (await stack.job(job)).state === 'cancelled', { timeout: 10_000, interval: 20 });
  expect((await stack.owner.query('select 1 from attempt where job_id = $1', [job])).rowCount).toBe(0);
});
