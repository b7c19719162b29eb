import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { Connection } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { runWorkflowId } from '../../src/domain/jobs/workflow-id.ts';
import { publicId } from '../../src/lib/ids.ts';
import { processesOf } from '../harness/job-processes.ts';
import { openStack, type Stack } from '../harness/stack.ts';
import { TEST_ACTIVITIES, TEST_STOP } from '../harness/test-activities.ts';
import type { TestAgent } from '../harness/test-agent.ts';
import { openGates, untilTold } from './waiting-for.ts';

/** HJ-17: a host that cannot be asked has stopped by itself at a time that its row shows; until then its job keeps its keys. */
let stack: Stack;

/** Above the 15 s between heartbeats, and short, so that verdict and deadline are 17 and 31 s away. */
const HEARTBEAT_TIMEOUT_MS = 17_000;

beforeAll(async () => {
  stack = await openStack();
  for (const [key, activity, repeat] of [
    ['noop', TEST_ACTIVITIES.stubborn, 'once'],
    ['init', TEST_ACTIVITIES.gated, 'once'],
    ['backup', TEST_ACTIVITIES.stubborn, 'repeatable'],
  ] as const) {
    const kind = stack.registry.kinds.byKey(key)!;
    const limits = { ...kind.limits, heartbeatTimeoutMs: HEARTBEAT_TIMEOUT_MS };
    Object.assign(kind, { activity, repeat, limits, stop: TEST_STOP });
  }
});
afterAll(() => stack?.close());

const LONG = { timeout: 120_000 };
const WAIT = { timeout: 80_000, interval: 50 };
const rows = async (sql: string, jobId: string) => (await stack.owner.query(sql, [jobId])).rows;
const hasKeys = async (jobId: string) => (await rows('select 1 from lock_slot where job_id = $1', jobId)).length > 0;
const untilRuns = (agent: TestAgent, jobId: string) =>
  vi.waitUntil(async () => (await processesOf(agent, jobId)).length > 0, WAIT);

async function startBackup(agent: TestAgent): Promise<string> {
  const { id } = await stack.addSealedRepository('canary-Zq7Lw2Xv9');
  const plan = await stack.addPathsPlan(id, ['/etc']);
  await stack.owner.query('update plan set host_id = $2 where id = $1', [plan, agent.hostId]);
  return stack.start('backup', { planId: publicId('plan', plan) });
}

/** What becomes of the answer that the attempt of a stopped agent would give now; its token lies on its disk. */
async function answerOf(agent: TestAgent): Promise<number | undefined> {
  const { address, authorityPem } = await stack.addGateway();
  const tls = { serverRootCACertificate: Buffer.from(authorityPem) };
  const connection = await Connection.connect({
    address: address.replace('127.0.0.1', 'localhost'),
    tls,
    apiKey: agent.credential,
  });
  const folder = join(stack.folder, `agent-${agent.hostId}`, 'attempts');
  const [name] = readdirSync(folder);
  const taskToken = Buffer.from(readFileSync(join(folder, name!), 'utf8'), 'base64');
  const { namespace } = stack.client.options;
  const outcome = { code: 'succeeded', counts: {}, refs: {} };
  const result = { payloads: [defaultPayloadConverter.toPayload(outcome)] };
  const answer = { namespace, identity: publicId('host', agent.hostId), taskToken, result };
  const failed = await connection.workflowService.respondActivityTaskCompleted(answer).then(
    () => undefined,
    (thrown: { code?: number }) => thrown,
  );
  await connection.close();
  return failed?.code;
}

/** The verdict over its attempt: given up, its keys held. Answers until when its host is waited for. */
async function untilVerdict(jobId: string): Promise<Date> {
  await vi.waitUntil(async () => (await stack.job(jobId)).reason === 'verifying_host', WAIT);
  expect(await hasKeys(jobId)).toBe(true);
  return (await stack.job(jobId)).verifying_until as Date;
}

/** It ends with its keys given back, and not before its deadline. */
async function expectEndAt(deadline: Date, jobId: string, state: string): Promise<Record<string, unknown>> {
  let row: Record<string, unknown> = {};
  await vi.waitUntil(async () => {
    const kept = await hasKeys(jobId);
    row = await stack.job(jobId);
    if (!kept) expect(row.finished_at).not.toBeNull();
    return row.finished_at !== null;
  }, WAIT);
  expect((row.finished_at as Date).getTime()).toBeGreaterThanOrEqual(deadline.getTime());
  expect(await hasKeys(jobId)).toBe(false);
  expect(row).toMatchObject({ state, reason: null, verifying_until: null });
  return row;
}

test.concurrent(
  'a host that never comes back: the keys come back at the deadline, not before, and the job ends',
  LONG,
  async () => {
    const agent = await stack.addAgent();
    const job = await stack.start('noop', {}, agent.hostId);
    await untilRuns(agent, job);
    const killedMs = Date.now();
    await agent.kill('SIGKILL');
    const deadline = await untilVerdict(job);
    const [host] = await rows('select last_seen_at from host where id = $1', agent.hostId);
    // An agent that lived on, cut off, would have ended its program by then.
    expect(deadline.getTime()).toBeGreaterThanOrEqual(
      host!.last_seen_at.getTime() + HEARTBEAT_TIMEOUT_MS + TEST_STOP.graceMs,
    );
    const [attempt] = await rows('select given_up_at from attempt where job_id = $1', job);
    const row = await expectEndAt(deadline, job, 'unknown');
    const verdictMs = attempt!.given_up_at.getTime() - killedMs;
    const endMs = (row.finished_at as Date).getTime() - killedMs;
    process.stdout.write(
      `agent left dead, heartbeat time-out ${HEARTBEAT_TIMEOUT_MS} ms: verdict after ${verdictMs} ms, keys after ${endMs} ms\n`,
    );
  },
);

test.concurrent(
  'a job that is done again waits for its host at the deadline, holding nothing, and is done when the host is back',
  LONG,
  async () => {
    const agent = await stack.addAgent();
    const job = await startBackup(agent);
    await untilRuns(agent, job);
    await agent.kill('SIGKILL');
    const deadline = await untilVerdict(job);
    await vi.waitUntil(async () => !(await hasKeys(job)), WAIT);
    expect(Date.now()).toBeGreaterThanOrEqual(deadline.getTime());
    expect(await stack.job(job)).toMatchObject({ state: 'waiting', reason: 'host_offline', run_no: 2 });
    const { events } = await stack.client.workflow.getHandle(runWorkflowId(job, 1)).fetchHistory();
    const scheduled = events!.map((event) => event.activityTaskScheduledEventAttributes?.activityType?.name);
    // Nobody was asked to do it again on a host that is away.
    expect(scheduled.filter((name) => name === TEST_ACTIVITIES.stubborn)).toHaveLength(1);
    await agent.start();
    await untilRuns(agent, job);
    await stack.cancel(job);
    expect(await stack.untilState(job, 'cancelled')).toMatchObject({ run_no: 2, attempts: 2 });
  },
);

test.concurrent(
  'an agent that is stopped until after the deadline: its late answer is refused, its program is ended, the row stays',
  LONG,
  async () => {
    const [running, answering] = [await stack.addAgent(), await stack.addAgent()];
    const { id } = await stack.addSealedRepository('canary-Zq7Lw2Xv9');
    const late = await stack.start('init', { repositoryId: publicId('repository', id) }, answering.hostId);
    const runs = await stack.start('noop', {}, running.hostId);
    await openGates(answering, 'claim', 'spawn');
    await untilTold(answering, 'at answer');
    await untilRuns(running, runs);
    for (const { child } of [running, answering]) child.kill('SIGSTOP');
    try {
      const ends = [late, runs].map(async (job) => expectEndAt(await untilVerdict(job), job, 'unknown'));
      const before = await Promise.all(ends);
      expect((await processesOf(running, runs)).length).toBeGreaterThan(0);
      expect(await answerOf(answering)).toBe(status.NOT_FOUND);
      const audited = `select data->>'detail' as detail from audit_event where object_id = $1 and action = 'gateway.refuse'`;
      await vi.waitUntil(async () => (await rows(audited, answering.hostId)).length === 1, WAIT);
      expect((await rows(audited, answering.hostId))[0]!.detail).toMatch(/^late or repeated answer/);
      answering.child.send('open answer');
      for (const { child } of [running, answering]) child.kill('SIGCONT');
      await vi.waitUntil(async () => (await processesOf(running, runs)).length === 0, WAIT);
      // What it reported of itself is kept beside the row.
      const reported = `select result->'outcome'->>'code' as code from attempt where job_id = $1 and class = 'work'`;
      await vi.waitUntil(async () => (await rows(reported, late))[0]!.code === 'succeeded', WAIT);
      expect(await Promise.all([late, runs].map((job) => stack.job(job)))).toEqual(before);
    } finally {
      for (const { child } of [running, answering]) child.kill('SIGCONT');
    }
  },
);

test.concurrent(
  'an agent whose gateway is away ends its program by itself before the deadline that the cancelled job shows',
  LONG,
  async () => {
    const gateway = await stack.addGateway();
    const agent = await stack.addAgent({ gateway });
    const job = await startBackup(agent);
    await untilRuns(agent, job);
    await gateway.stop();
    await stack.cancel(job);
    expect(await stack.job(job)).toMatchObject({ state: 'cancelling' });
    await vi.waitUntil(async () => (await processesOf(agent, job)).length === 0, WAIT);
    const stoppedMs = Date.now();
    expect(await hasKeys(job)).toBe(true);
    const deadline = await untilVerdict(job);
    expect(stoppedMs).toBeLessThan(deadline.getTime());
    expect(await expectEndAt(deadline, job, 'cancelled')).toMatchObject({ attempts: 1, cancel_actor: 'test' });
  },
);
