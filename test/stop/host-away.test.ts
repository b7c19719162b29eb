import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { getJob, type JobView } from '../../src/db/jobs/jobs.ts';
import { SELF_STOP_MARGIN_MS } from '../../src/domain/jobs/self-stop.ts';
import { openStack, type Stack } from '../harness/stack.ts';
import type { TestAgent } from '../harness/test-agent.ts';

/** HJ-13: a cancel that a host cannot hear says so, and when the host stops by itself, long before its attempt is given up. */
let stack: Stack;
beforeAll(async () => {
  stack = await openStack();
});
afterAll(() => stack?.close());

const view = async (jobId: string) => (await stack.api.inOrganization(stack.org, (tx) => getJob(tx, jobId)))!;

async function claimedJob(agent: TestAgent): Promise<string> {
  const job = await stack.start('noop', { sleepMs: 60_000 }, agent.hostId);
  const claims = 'select 1 from attempt where job_id = $1 and claimed_at is not null';
  await vi.waitUntil(async () => (await stack.owner.query(claims, [job])).rowCount === 1, {
    timeout: 20_000,
    interval: 50,
  });
  return job;
}

/** A lease is 25 s; what is shown then counts from the last beat. */
async function expectShown(jobId: string, how: string): Promise<JobView> {
  let seen = await view(jobId);
  expect(seen).toMatchObject({ state: 'cancelling', wait: null });
  await vi.waitUntil(
    async () => {
      seen = await view(jobId);
      return seen.wait?.words.includes(how);
    },
    { timeout: 40_000, interval: 100 },
  );
  const { limits, stop } = stack.registry.kinds.byKey('noop')!;
  const stopsMs =
    new Date(seen.host_seen_at!).getTime() + limits.heartbeatTimeoutMs + stop.graceMs + SELF_STOP_MARGIN_MS;
  expect(seen).toMatchObject({ state: 'cancelling', reason: null, cancel_actor: 'test' });
  expect(seen.wait).toEqual({
    words: expect.stringMatching(`^host ${seen.host_name} ${how} since 20.*Z; it stops by itself by 20.*Z$`),
    stopsBy: new Date(stopsMs).toISOString(),
    position: null,
    behindJobId: null,
  });
  return seen;
}

test('the agent was killed: shown as away, until it is back and the job has ended', async () => {
  const agent = await stack.addAgent();
  const job = await claimedJob(agent);
  await agent.kill('SIGKILL');
  await stack.cancel(job);
  await expectShown(job, 'is away');
  await agent.start();
  expect(await stack.untilState(job, 'cancelled')).toMatchObject({ attempts: 1 });
  expect((await view(job)).wait).toBeNull();
}, 120_000);

test('no gateway is there: nobody can tell who is away, so it is shown as not heard of', async () => {
  const job = await claimedJob(stack.agent);
  await stack.gatewayServer.stop();
  try {
    await stack.cancel(job);
    const seen = await expectShown(job, 'has not been heard of');
    expect(seen.host_present).toBe(true);
  } finally {
    await stack.gatewayServer.start();
  }
  expect(await stack.untilState(job, 'cancelled')).toMatchObject({ attempts: 1 });
  expect((await view(job)).wait).toBeNull();
}, 120_000);
