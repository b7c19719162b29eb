import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { runWorkflowId } from '../../src/domain/jobs/workflow-id.ts';
import { processesOf } from '../harness/job-processes.ts';
import { type OwnTemporal, startOwnTemporal } from '../harness/own-temporal.ts';
import { openStack, type Stack } from '../harness/stack.ts';
import { TEST_ACTIVITIES, TEST_STOP } from '../harness/test-activities.ts';
import { changeKind } from '../harness/test-kinds.ts';

/** A Temporal that pushes no cancels, as one that is not set up by us may be: they come with the answers to heartbeats. */
let temporal: OwnTemporal;
let stack: Stack;
beforeAll(async () => {
  temporal = await startOwnTemporal({ 'system.enableCancelActivityWorkerCommand': false });
  stack = await openStack({ temporal: temporal.target });
});
afterAll(async () => {
  await stack?.close();
  await temporal?.close();
});

test('without a push the next heartbeat brings the cancel: the program is ended, and the next job runs', async () => {
  changeKind(stack, 'noop', { activity: TEST_ACTIVITIES.stubborn, stop: TEST_STOP });
  const job = await stack.start('noop', {}, stack.hostId);
  const running = () => processesOf(stack.agent, job);
  await vi.waitUntil(async () => (await running()).length > 0, { timeout: 30_000, interval: 20 });
  const handle = stack.client.workflow.getHandle(runWorkflowId(job, 1));
  /** When Temporal last took a heartbeat; null: none yet, or the attempt has answered. */
  const lastBeat = async () => {
    const [attempt] = (await handle.describe()).raw.pendingActivities ?? [];
    const at = attempt?.lastHeartbeatTime;
    return at ? `${at.seconds}.${at.nanos}` : null;
  };
  await vi.waitUntil(lastBeat, { timeout: 20_000, interval: 20 });
  const before = await lastBeat();
  const beganMs = Date.now();
  await stack.cancel(job);
  const after = new Set<string>();
  while ((await running()).length > 0) {
    const beat = await lastBeat();
    if (beat !== null && beat !== before) after.add(beat);
  }
  process.stdout.write(`cancel by heartbeat: process gone ${Date.now() - beganMs} ms, ${after.size} heartbeats\n`);
  // That one carried it: not before it, and not later.
  expect(after.size).toBe(1);
  expect(await stack.untilState(job, 'cancelled', 'failed', 'succeeded')).toMatchObject({
    state: 'cancelled',
    attempts: 1,
  });
  changeKind(stack, 'noop', { activity: 'noop.v1' });
  await stack.untilState(await stack.start('noop', {}, stack.hostId), 'succeeded');
});
