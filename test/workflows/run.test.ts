import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { acceptJobs } from '../../src/db/jobs/accept-jobs.ts';
import type { StartOrder } from '../../src/db/jobs/start-orders.ts';
import { runWorkflowId } from '../../src/domain/jobs/workflow-id.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { publicId, systemRandom } from '../../src/lib/ids.ts';
import { createLogger } from '../../src/lib/log.ts';
import { newKeyring } from '../../src/lib/seal.ts';
import { lazyConnection } from '../../src/temporal/connection.ts';
import { openWorkflowEngine, type WorkflowEngine } from '../../src/temporal/workflow-engine.ts';
import { type Bench, openBench } from '../harness/bench.ts';
import { ownNamespace } from '../harness/namespace.ts';
import type { ChildOrder } from './worker-child.ts';

const EVENT = { activityScheduled: 10, workflowTaskScheduled: 5, completed: 2 };
const keyring = newKeyring(systemClock, systemRandom);
const target = await ownNamespace();
const { namespace } = target;

let bench: Bench;
let engine: WorkflowEngine;
let client: Client;
const children: ChildProcess[] = [];

beforeAll(async () => {
  bench = await openBench();
  const log = createLogger({ level: 'error', pretty: false, process: 'test' });
  engine = openWorkflowEngine({ target, clock: systemClock, log });
  client = new Client({ connection: lazyConnection(target), namespace });
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
});
afterAll(async () => {
  await engine?.close();
  await client?.connection.close();
  await bench?.close();
});

async function startChild(crash: ChildOrder['crash'] = null): Promise<ChildProcess> {
  const order: ChildOrder = { url: bench.urls.worker, temporal: target, keyring: keyring.toFileText(), crash };
  const child = fork(fileURLToPath(new URL('./worker-child.ts', import.meta.url)), [JSON.stringify(order)]);
  children.push(child);
  await once(child, 'message');
  return child;
}

async function accept(): Promise<StartOrder> {
  const asked = [bench.request('noop', {}, null)];
  const [answer] = await bench.api.inOrganization(bench.org, (tx) => acceptJobs(tx, asked));
  if (answer!.verdict !== 'queued') throw new Error(`not queued: ${JSON.stringify(answer)}`);
  return answer!.start;
}

const row = async (jobId: string) => (await bench.owner.query('select * from job where id = $1', [jobId])).rows[0];
const ended = (jobId: string) =>
  expect.poll(async () => (await row(jobId)).state, { timeout: 30_000 }).toBe('succeeded');
const rows = async (sql: string, jobId: string) => (await bench.owner.query(sql, [jobId])).rowCount;

/** Once and only once, whatever happened on the way. */
async function expectDoneOnce(jobId: string): Promise<void> {
  expect(await rows(`select 1 from event where subject_id = $1 and topic = 'job.ended'`, jobId)).toBe(1);
  expect(await rows(`select 1 from audit_event where object_id = $1 and action = 'job.end'`, jobId)).toBe(1);
  expect(await rows('select 1 from outbox where job_id = $1', jobId)).toBe(0);
  expect(await rows('select 1 from lock_slot where job_id = $1', jobId)).toBe(0);
  expect((await row(jobId)).run_no).toBe(1);
}

test('PF-2: a job costs one regular activity, at most three workflow tasks and 20 events, and three transactions of ours', async () => {
  await startChild();
  const before = bench.api.transactions.count;
  const start = await accept();
  expect(bench.api.transactions.count - before).toBe(1);
  await engine.startRuns([start]);
  await ended(start.jobId);
  const handle = client.workflow.getHandle(runWorkflowId(start.jobId, 1));
  // The row ends in finish; the run itself a moment later.
  await expect.poll(async () => (await handle.describe()).status.name, { timeout: 20_000 }).toBe('COMPLETED');
  const history = await handle.fetchHistory();
  const types = history.events!.map((event) => Number(event.eventType));
  expect(types.at(-1)).toBe(EVENT.completed);
  expect(types.filter((type) => type === EVENT.activityScheduled)).toHaveLength(1);
  // Two and 14 on a quiet machine; a busy one may need another task to carry a slow local activity.
  expect(types.filter((type) => type === EVENT.workflowTaskScheduled).length).toBeLessThanOrEqual(3);
  expect(types.length).toBeLessThanOrEqual(20);
  // Rows carry the id of the transaction that wrote them: waiting and queued by accept, running by begin, ended by finish.
  const writers = await bench.owner.query('select distinct txid::text from event where subject_id = $1', [start.jobId]);
  expect(writers.rowCount).toBe(3);
  await expectDoneOnce(start.jobId);
});

test('RUN-13: Temporal shows the run by its kind, under an id people can read, with what it is in words', async () => {
  await startChild();
  const start = await accept();
  await engine.startRuns([start]);
  await ended(start.jobId);
  const found = await client.workflow.getHandle(`job/${publicId('job', start.jobId)}/1`).describe();
  expect(found.type).toBe('noop');
  // RUN-11: one word finds the request in its answer, in the audit and here.
  expect(found.memo).toMatchObject({ requestId: 'test' });
  expect(
    await rows(
      `select 1 from audit_event where object_id = $1 and action = 'job.start' and request_id = 'test'`,
      start.jobId,
    ),
  ).toBe(1);
  expect(await found.staticSummary()).toBe('Do nothing');
  const attributes = Object.fromEntries(
    found.typedSearchAttributes.getAll().map((pair) => [pair.key.name, pair.value]),
  );
  expect(attributes).toMatchObject({ OrgId: publicId('organization', bench.org), JobKind: 'noop', Trigger: 'key' });
});

test('FT-2: a start that was committed and never sent is sent by the pump', async () => {
  await startChild();
  const start = await accept();
  await ended(start.jobId);
  await expectDoneOnce(start.jobId);
});

test('a start that is sent twice starts one run', async () => {
  await startChild();
  const start = await accept();
  await Promise.all([engine.start(start), engine.start(start)]);
  await ended(start.jobId);
  await engine.start(start);
  await expectDoneOnce(start.jobId);
});

const arrows: [string, NonNullable<ChildOrder['crash']>][] = [
  ['before begin', { at: 1, when: 'before' }],
  ['after the commit of begin', { at: 1, when: 'after' }],
  ['before finish', { at: 2, when: 'before' }],
  ['after the commit of finish', { at: 2, when: 'after' }],
];
test.each(arrows)('a worker that is killed %s loses nothing and does nothing twice', async (_name, crash) => {
  const doomed = await startChild(crash);
  const start = await accept();
  const death = once(doomed, 'exit');
  await engine.startRuns([start]);
  expect(await death).toEqual([null, 'SIGKILL']);
  await startChild();
  await ended(start.jobId);
  await expectDoneOnce(start.jobId);
});
