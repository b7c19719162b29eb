import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { defaultPayloadConverter, type PayloadCodec } from '@temporalio/common';
import { bundleWorkflowCode, NativeConnection, Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { CONTROL_QUEUE, quickQueue } from '../../src/catalog/queues.ts';
import { QUIESCENCE_ACTIVITY } from '../../src/domain/jobs/agent-protocol.ts';
import { runWorkflowId } from '../../src/domain/jobs/workflow-id.ts';
import { publicId } from '../../src/lib/ids.ts';
import { connectionOptions } from '../../src/temporal/connection.ts';
import { openStack, type Stack } from '../harness/stack.ts';

/**
 * Somebody who can write to Temporal (a server that others use too, a stolen certificate) and has no key of ours, or even
 * the one of payloads: he ends no job, forges no outcome and stops nothing on a host.
 */
let stack: Stack;
let workers: { worker: Worker; working: Promise<void>; client: Client; queue: string }[];
/** Writes plain, and reads what it cannot as null. */
const BLIND: PayloadCodec = {
  encode: async (payloads) => payloads,
  decode: async (payloads) =>
    payloads.map((one) =>
      Buffer.from(one.metadata?.encoding ?? []).toString() === 'json/plain'
        ? one
        : defaultPayloadConverter.toPayload(null),
    ),
};
const WITHOUT = 0;
const WITH_KEY = 1;

beforeAll(async () => {
  stack = await openStack();
  const connection = await NativeConnection.connect(connectionOptions(stack.temporal));
  const { namespace } = stack.temporal;
  const workflowBundle = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('./forger.ts', import.meta.url)),
    logger: { log() {}, trace() {}, debug() {}, info() {}, warn() {}, error() {} },
  });
  workers = await Promise.all(
    [[BLIND], stack.dataConverter.payloadCodecs].map(async (payloadCodecs, index) => {
      const [queue, dataConverter] = [`forger-${index}`, { payloadCodecs }];
      const worker = await Worker.create({ connection, namespace, taskQueue: queue, workflowBundle, dataConverter });
      const client = new Client({ connection: stack.client.connection, namespace, dataConverter });
      return { worker, working: worker.run(), client, queue };
    }),
  );
});
afterAll(async () => {
  for (const { worker } of workers ?? []) worker.shutdown();
  await Promise.all((workers ?? []).map(({ working }) => working));
  await stack?.close();
});

/** The end of the activity that a workflow of his asked for, by its failure's type or message. */
async function forge(by: number, workflowId: string, queue: string, activity: string, args: unknown[]) {
  const { client, queue: taskQueue } = workers[by]!;
  const handle = await client.workflow.start('forger', { taskQueue, workflowId, args: [queue, activity, args] });
  return handle.result().catch((thrown) => thrown.cause?.cause?.type || thrown.cause?.cause?.message || thrown);
}

async function claimedJob() {
  const agent = await stack.addAgent();
  const jobId = await stack.start('noop', { sleepMs: 15_000 }, agent.hostId);
  await vi.waitUntil(
    async () =>
      (await stack.owner.query('select 1 from attempt where job_id = $1 and claimed_at is not null', [jobId]))
        .rowCount === 1,
    { timeout: 20_000, interval: 50 },
  );
  const { run_id: runId } = await stack.job(jobId);
  return { jobId, runId: String(runId), hostId: agent.hostId };
}

const SUCCEEDED = { code: 'succeeded', counts: {}, refs: {} };

test.each([
  ['without a key', WITHOUT],
  ['with the key of payloads', WITH_KEY],
])('%s nobody else can finish or requeue a job: only its own run is heard', async (_who, by) => {
  const { jobId, runId } = await claimedJob();
  const input = { orgId: stack.org, jobId, runNo: 1 };
  const asked = [
    ['finish', [input, runId, { how: 'answered', outcome: SUCCEEDED }, 1]],
    ['requeue', [input, runId]],
    ['giveUp', [input, runId, { runNo: 1, attempt: 1 }]],
  ] as const;
  for (const [name, args] of asked)
    expect(await forge(by, `evil/${by}/${name}`, CONTROL_QUEUE, name, [...args]), name).toBe('NotOfTheRun');
  expect(await stack.job(jobId)).toMatchObject({ state: 'running', run_no: 1, reason: null });
  await stack.cancel(jobId);
  await stack.untilState(jobId, 'cancelled');
});

test.each([
  ['without a key', WITHOUT],
  ['with the key of payloads', WITH_KEY],
])('%s nobody can have a host stop a job that is not to be stopped', async (_who, by) => {
  const { jobId, hostId } = await claimedJob();
  const stop = { signal: 'SIGTERM', graceMs: 0 };
  const order = { kind: 'noop', jobId: publicId('job', jobId), runNo: 1, attempt: 1, stop, cleanUp: null };
  // In the name of the job's next run, which is not there, so that the ticket is for this job.
  const name = runWorkflowId(jobId, 2);
  await forge(by, name, quickQueue(hostId), QUIESCENCE_ACTIVITY, [order]);
  expect(await stack.untilState(jobId, 'succeeded', 'failed', 'cancelled')).toMatchObject({
    state: 'succeeded',
    attempts: 1,
  });
});

/** As an answer that was taken from another job's history. */
const taken = (): PayloadCodec => {
  const [codec] = stack.dataConverter.payloadCodecs;
  const other = {
    type: 'activity',
    namespace: stack.temporal.namespace,
    workflowId: 'job/other/1',
    activityId: '1',
    isLocal: false,
  } as const;
  return { encode: (payloads) => codec!.encode(payloads, other), decode: (payloads) => codec!.decode(payloads) };
};

test.each([
  ['plain', () => BLIND],
  ['taken from another job', taken],
])('an answer that is %s is no outcome: the job fails as by a fault of the agent', async (_how, codec) => {
  const { jobId, runId } = await claimedJob();
  const dataConverter = { payloadCodecs: [codec()] };
  const { namespace } = stack.temporal;
  const client = new Client({ connection: stack.client.connection, namespace, dataConverter });
  await client.activity.complete({ workflowId: runWorkflowId(jobId, 1), runId, activityId: '1' }, SUCCEEDED);
  expect(await stack.untilState(jobId, 'failed', 'succeeded')).toMatchObject({
    state: 'failed',
    outcome_code: 'agent-fault',
  });
});
