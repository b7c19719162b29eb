import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { runWorkflowId } from '../../src/domain/jobs/workflow-id.ts';
import { publicId } from '../../src/lib/ids.ts';
import { openStack, type Stack } from '../harness/stack.ts';
import { changeKind } from '../harness/test-kinds.ts';

/** What people do to a run in Temporal's UI or with its CLI: the same calls, made by its client. */
let stack: Stack;
beforeAll(async () => {
  stack = await openStack({ lostRunTimes: { silentMs: 2_000, walkMs: 1_000, perSecond: 50 } });
});
afterAll(() => stack?.close());

/** A job that its own agent has claimed, with its run in Temporal. */
async function claimedJob(sleepMs: number) {
  const { hostId } = await stack.addAgent();
  const jobId = await stack.start('noop', { sleepMs }, hostId);
  const claims = 'select 1 from attempt where job_id = $1 and claimed_at is not null';
  await vi.waitUntil(async () => (await stack.owner.query(claims, [jobId])).rowCount === 1, {
    timeout: 20_000,
    interval: 50,
  });
  return { jobId, hostId, handle: stack.client.workflow.getHandle(runWorkflowId(jobId, 1)) };
}

/** Nothing is left of it: no key, no entry of the outbox, no attempt that still runs on the host. */
async function expectNothingLeft(jobId: string, hostId: string): Promise<void> {
  const rows = async (sql: string) => (await stack.owner.query(sql, [jobId])).rowCount;
  expect(await rows('select 1 from outbox where job_id = $1')).toBe(0);
  expect(await rows('select 1 from lock_slot where job_id = $1')).toBe(0);
  expect(await rows(`select 1 from event where subject_id = $1 and topic = 'job.ended'`)).toBe(1);
  expect(await rows(`select 1 from audit_event where object_id = $1 and action = 'job.end'`)).toBe(1);
  const running = async () =>
    (await stack.owner.query('select running_jobs from host where id = $1', [hostId])).rows[0];
  // The agent tells it with its next beat.
  await vi.waitUntil(async () => !(await running()).running_jobs.includes(publicId('job', jobId)), {
    timeout: 20_000,
    interval: 100,
  });
  const next = await stack.start('noop', {}, hostId);
  expect(await stack.untilState(next, 'succeeded')).toMatchObject({ attempts: 1 });
}

const audits = async (jobId: string, action: string) =>
  (
    await stack.owner.query(
      'select actor_kind, actor_label, data from audit_event where object_id = $1 and action = $2',
      [jobId, action],
    )
  ).rows;

test.concurrent('a run that is terminated is a job cancelled by the actor temporal, with who and why', async () => {
  const { jobId, hostId, handle } = await claimedJob(60_000);
  await handle.terminate('it runs at the wrong time');
  const ended = await stack.untilState(jobId, 'cancelled');
  const why = /^terminated in Temporal by .+: it runs at the wrong time$/;
  expect(ended).toMatchObject({
    run_no: 2,
    attempts: 1,
    cancel_actor: 'temporal',
    cancel_reason: expect.stringMatching(why),
  });
  expect(await audits(jobId, 'job.cancel')).toEqual([
    { actor_kind: 'temporal', actor_label: 'temporal', data: { reason: ended.cancel_reason } },
  ]);
  // The agent was told by the answer to its heartbeat, stopped the attempt, and its last words still came through.
  expect(await stack.log(jobId)).toContain('The attempt was stopped.');
  await expectNothingLeft(jobId, hostId);
});

test.concurrent('a run that is cancelled in Temporal shows as cancelling by the actor temporal, and ends as cancelled', async () => {
  const { jobId, hostId, handle } = await claimedJob(60_000);
  await handle.cancel();
  const ended = await stack.untilState(jobId, 'cancelled');
  expect(ended).toMatchObject({ run_no: 1, cancel_actor: 'temporal', cancel_requested_at: expect.any(Date) });
  expect(ended.cancel_reason).toMatch(/^cancelled in Temporal by /);
  expect(await audits(jobId, 'job.cancel')).toHaveLength(1);
  const states = await stack.owner.query(
    `select data->>'state' as state from event where subject_id = $1 order by id`,
    [jobId],
  );
  expect(states.rows.map(({ state }) => state)).toEqual(['waiting', 'queued', 'running', 'cancelling', 'cancelled']);
  await expectNothingLeft(jobId, hostId);
});

test.concurrent('a cancel of ours keeps its own actor', async () => {
  const { jobId } = await claimedJob(60_000);
  await stack.cancel(jobId);
  expect(await stack.untilState(jobId, 'cancelled')).toMatchObject({ cancel_actor: 'test', cancel_reason: 'test' });
  expect(await audits(jobId, 'job.cancel')).toHaveLength(1);
});

test.concurrent('a run that is reset is replaced by the next one: the reset one does nothing', async () => {
  const { jobId, hostId, handle } = await claimedJob(8_000);
  const { workflowId } = handle;
  const { runId } = await handle.describe();
  const { events } = await handle.fetchHistory();
  const firstTask = events!.find((event) => event.workflowTaskCompletedEventAttributes)!;
  const reset: { runId: string } = await stack.client.workflowService.resetWorkflowExecution({
    namespace: stack.client.options.namespace,
    workflowExecution: { workflowId, runId },
    reason: 'try again',
    workflowTaskFinishEventId: firstTask.eventId!,
    requestId: crypto.randomUUID(),
  });
  const ended = await stack.untilState(jobId, 'succeeded');
  // The first attempt and the one of the next run: none of the run that was reset.
  expect(ended).toMatchObject({ run_no: 2, attempts: 2, cancel_requested_at: null });
  const claimed = await stack.owner.query(
    `select run_no, attempt_no, class from attempt where job_id = $1 order by run_no, attempt_no`,
    [jobId],
  );
  expect(claimed.rows).toEqual([
    { run_no: 1, attempt_no: 1, class: 'work' },
    // Is the host quiet? And then the work.
    { run_no: 2, attempt_no: 1, class: 'cleanup' },
    { run_no: 2, attempt_no: 2, class: 'work' },
  ]);
  const left = await stack.client.workflow.getHandle(workflowId, reset.runId).describe();
  expect(left.status.name).not.toBe('RUNNING');
  await expectNothingLeft(jobId, hostId);
});

test.concurrent('a run that is deleted is started again under the next number', async () => {
  const { jobId, hostId } = await claimedJob(8_000);
  await stack.client.workflowService.deleteWorkflowExecution({
    namespace: stack.client.options.namespace,
    workflowExecution: { workflowId: runWorkflowId(jobId, 1) },
  });
  expect(await stack.untilState(jobId, 'succeeded')).toMatchObject({ run_no: 2, attempts: 2 });
  await expectNothingLeft(jobId, hostId);
});

test('what may be done only once and was begun ends as unknown, whatever took its run away', async () => {
  // No kind of this class is there yet; the same rows and workflows carry it.
  changeKind(stack, 'noop', { repeat: 'once' });
  const [deleted, terminated] = [await claimedJob(60_000), await claimedJob(60_000)];
  await stack.client.workflowService.deleteWorkflowExecution({
    namespace: stack.client.options.namespace,
    workflowExecution: { workflowId: deleted.handle.workflowId },
  });
  await terminated.handle.terminate('stop');
  for (const { jobId, hostId } of [deleted, terminated]) {
    expect(await stack.untilState(jobId, 'unknown')).toMatchObject({ run_no: 2, attempts: 1 });
    await expectNothingLeft(jobId, hostId);
  }
});
