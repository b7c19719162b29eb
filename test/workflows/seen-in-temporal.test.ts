import { Writable } from 'node:stream';
import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { runWorkflowId } from '../../src/domain/jobs/workflow-id.ts';
import { publicId } from '../../src/lib/ids.ts';
import { createLogger } from '../../src/lib/log.ts';
import { openStack, type Stack } from '../harness/stack.ts';

/** What an engineer sees in Temporal of jobs that ended in different ways. Asked by its client, as its UI does. */
let stack: Stack;
const warnings: string[] = [];
beforeAll(async () => {
  const destination = new Writable({
    write(line, _encoding, done) {
      warnings.push(String(line));
      done();
    },
  });
  stack = await openStack({ workerLog: createLogger({ level: 'warn', pretty: false, process: 'test', destination }) });
});
afterAll(() => stack?.close());

const runOf = (jobId: string) => stack.client.workflow.getHandle(runWorkflowId(jobId, 1));
const listed = async (client: Client, query: string) => {
  const found: string[] = [];
  for await (const { workflowId } of client.workflow.list({ query })) found.push(workflowId);
  return found;
};
const untilListed = (query: string, jobId: string) =>
  vi.waitUntil(async () => (await listed(stack.client, query)).includes(runWorkflowId(jobId, 1)), {
    timeout: 20_000,
    interval: 100,
  });
const detailsOf = async (jobId: string): Promise<string> =>
  (await runOf(jobId).query<{ currentDetails: string }>('__temporal_workflow_metadata')).currentDetails;
const untilSaid = (jobId: string, words: string) =>
  expect.poll(() => detailsOf(jobId), { timeout: 20_000 }).toContain(words);
const untilStatus = (jobId: string, status: string) =>
  expect.poll(async () => (await runOf(jobId).describe()).status.name, { timeout: 20_000 }).toBe(status);

/** A backup of a folder that is not there. */
async function failedBackup(): Promise<{ jobId: string; plan: string }> {
  const repository = await stack.addSealedRepository('password');
  const plan = await stack.addPathsPlan(repository.id, ['/nosuch']);
  await stack.owner.query(`update plan set name = 'books of ' || name where id = $1`, [plan]);
  const jobId = await stack.start('backup', { planId: publicId('plan', plan) });
  await stack.untilState(jobId, 'failed');
  return { jobId, plan };
}

test('RUN-13: JobState = "failed" finds a failed job, by the names of its host and plan too, and its run has failed', async () => {
  const { jobId, plan } = await failedBackup();
  const job = await stack.job(jobId);
  await untilListed(`JobState = "failed"`, jobId);
  await untilListed(`JobState = "failed" AND ExecutionStatus = "Failed" AND JobKind = "backup"`, jobId);
  await untilListed(`HostName = "${stack.hostId}" AND PlanName = "books of ${plan}"`, jobId);
  await untilListed(`PlanId = "${publicId('plan', plan)}" AND HostId = "${publicId('host', stack.hostId)}"`, jobId);
  const failure = await runOf(jobId)
    .result()
    .catch((thrown: unknown) => thrown);
  expect(failure).toMatchObject({ cause: { type: job.outcome_code, message: job.outcome_sentence } });
  expect(await detailsOf(jobId)).toContain(`Ended: failed (${job.outcome_code}). ${job.outcome_sentence}`);
});

test('a failed job is decided by its row alone: its run is neither done again nor complained about', async () => {
  const { jobId } = await failedBackup();
  await untilStatus(jobId, 'FAILED');
  const { raw } = await runOf(jobId).describe();
  expect(raw.workflowExecutionInfo).toMatchObject({ firstRunId: raw.workflowExecutionInfo?.execution?.runId });
  expect(await stack.job(jobId)).toMatchObject({ run_no: 1, attempts: 1, state: 'failed' });
  const rows = async (sql: string) => (await stack.owner.query(sql, [jobId])).rowCount;
  expect(await rows(`select 1 from event where subject_id = $1 and topic = 'job.ended'`)).toBe(1);
  expect(await rows(`select 1 from audit_event where object_id = $1 and action = 'job.end'`)).toBe(1);
  expect(warnings.filter((line) => line.includes('Workflow failed'))).toEqual([]);
});

test('RUN-13: a run says what it does now, that it is being cancelled, and ends as cancelled', async () => {
  const agent = await stack.addAgent();
  const jobId = await stack.start('noop', { sleepMs: 60_000 }, agent.hostId);
  await untilListed(`JobState = "running" AND HostName = "${agent.hostId}"`, jobId);
  await untilSaid(jobId, `Attempt 1 waits on the queue host/${publicId('host', agent.hostId)} since `);
  // So that its last words do not come yet.
  agent.child.kill('SIGSTOP');
  await stack.cancel(jobId);
  await untilListed(`JobState = "cancelling"`, jobId);
  await untilSaid(jobId, 'A cancel came at ');
  agent.child.kill('SIGCONT');
  await untilListed(`JobState = "cancelled" AND ExecutionStatus = "Canceled"`, jobId);
  await untilSaid(jobId, 'Ended: cancelled (cancelled).');
});

test('RUN-13: a job that succeeded is completed, and nothing of it is found among the failed', async () => {
  const jobId = await stack.start('noop', {}, stack.hostId);
  await untilListed(`JobState = "succeeded" AND ExecutionStatus = "Completed"`, jobId);
  expect(await listed(stack.client, `JobState != "succeeded"`)).not.toContain(runWorkflowId(jobId, 1));
});
