import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { getJob } from '../../src/db/jobs/jobs.ts';
import { processesOf } from '../harness/job-processes.ts';
import { locksIn } from '../harness/restic-locks.ts';
import { openStack, type Stack } from '../harness/stack.ts';
import { TEST_ACTIVITIES, TEST_STOP } from '../harness/test-activities.ts';
import { changeKind } from '../harness/test-kinds.ts';
import { slowBackup } from './slow-backup.ts';

/** HJ-17: whatever becomes of an agent, keys come back only when its host runs nothing of the job. */
let stack: Stack;
beforeAll(async () => {
  stack = await openStack();
});
afterAll(() => stack?.close());

const WAIT = { timeout: 30_000, interval: 20 };
const slots = async (jobId: string) =>
  (await stack.owner.query('select 1 from lock_slot where job_id = $1', [jobId])).rowCount;
const attempts = async (jobId: string) =>
  (
    await stack.owner.query(
      'select class, given_up_at, claimed_at from attempt where job_id = $1 order by attempt_no',
      [jobId],
    )
  ).rows;

test('kill -9 of the agent in a backup: the restart gives the verdict, removes the lock, and it is done again', async () => {
  const agent = await stack.addAgent();
  const { job, locks } = await slowBackup(stack, agent.hostId);
  await vi.waitUntil(() => locksIn(locks).length === 1, WAIT);
  const before = await processesOf(agent, job);
  const [first] = locksIn(locks);
  await agent.kill('SIGKILL');
  const beganMs = Date.now();
  await agent.start();
  await vi.waitUntil(async () => (await attempts(job)).some((one) => one.given_up_at !== null), WAIT);
  const verdictMs = Date.now() - beganMs;
  await vi.waitUntil(async () => (await attempts(job)).filter((one) => one.class === 'work').length === 2, WAIT);
  process.stdout.write(`agent back: verdict after ${verdictMs} ms, done again after ${Date.now() - beganMs} ms\n`);
  expect((await attempts(job)).map((one) => one.class)).toEqual(['work', 'cleanup', 'work']);
  expect(locksIn(locks)).not.toContain(first);
  expect((await stack.log(job)).join('\n')).toContain('removed stale locks');
  for (const pid of await processesOf(agent, job)) expect(before).not.toContain(pid);
  await stack.cancel(job);
  expect(await stack.untilState(job, 'cancelled')).toMatchObject({ attempts: 2 });
  expect(locksIn(locks)).toEqual([]);
}, 120_000);

test('a program that outlives its agent is ended by the next one before it takes work; what must not be done twice is unknown', async () => {
  const agent = await stack.addAgent({ programsDieWithAgent: false });
  changeKind(stack, 'noop', { activity: TEST_ACTIVITIES.stubborn, stop: TEST_STOP, repeat: 'once' });
  const job = await stack.start('noop', {}, agent.hostId);
  await vi.waitUntil(async () => (await processesOf(agent, job)).length > 0, WAIT);
  await agent.kill('SIGKILL');
  expect((await processesOf(agent, job)).length).toBeGreaterThan(0);
  await agent.start();
  expect(await processesOf(agent, job)).toEqual([]);
  expect(await stack.untilState(job, 'unknown', 'failed', 'cancelled')).toMatchObject({
    state: 'unknown',
    attempts: 1,
  });
  expect(await slots(job)).toBe(0);
});

test('an agent that is stopped for longer than the heartbeat time-out: keys are held, the row says why, its program ends when it goes on', async () => {
  const agent = await stack.addAgent();
  const limits = { ...stack.registry.kinds.byKey('noop')!.limits, heartbeatTimeoutMs: 17_000 };
  changeKind(stack, 'noop', { activity: TEST_ACTIVITIES.stubborn, stop: TEST_STOP, repeat: 'once', limits });
  const job = await stack.start('noop', {}, agent.hostId);
  await vi.waitUntil(async () => (await processesOf(agent, job)).length > 0, WAIT);
  onTestFinished(() => void agent.child.kill('SIGCONT'));
  agent.child.kill('SIGSTOP');
  await vi.waitUntil(async () => (await stack.job(job)).reason === 'verifying_host', { ...WAIT, timeout: 50_000 });
  const seen = await stack.api.inOrganization(stack.org, (tx) => getJob(tx, job));
  expect(seen?.wait).toMatchObject({
    words: expect.stringMatching(
      /gave no answer and is asked whether anything of it still runs; it stops by itself by 20/,
    ),
    stopsBy: expect.stringMatching(/^20.*Z$/),
  });
  expect(await slots(job)).toBe(1);
  agent.child.kill('SIGCONT');
  expect(await stack.untilState(job, 'unknown', 'failed', 'cancelled')).toMatchObject({
    state: 'unknown',
    reason: null,
  });
  expect(await processesOf(agent, job)).toEqual([]);
  expect(await slots(job)).toBe(0);
}, 120_000);
