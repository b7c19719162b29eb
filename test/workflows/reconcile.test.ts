import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Database } from '../../src/db/core/database.ts';
import { acceptJobs } from '../../src/db/jobs/accept-jobs.ts';
import { requestCancel } from '../../src/db/jobs/request-cancel.ts';
import { beginRun } from '../../src/db/jobs/run/begin-run.ts';
import { createLogger } from '../../src/lib/log.ts';
import { openWorkflowEngine, type WorkflowEngine } from '../../src/temporal/workflow-engine.ts';
import { EngineWatch } from '../../src/worker/instance/engine.ts';
import { LostRunSweep } from '../../src/worker/jobs/lost-runs.ts';
import { type Bench, openBench } from '../harness/bench.ts';
import { ownNamespace } from '../harness/namespace.ts';

const JOBS = 120;
const log = createLogger({ level: 'error', pretty: false, process: 'test' });

let bench: Bench;
let engine: WorkflowEngine;
beforeAll(async () => {
  bench = await openBench();
  const { clock } = bench;
  engine = openWorkflowEngine({ target: await ownNamespace(), clock, log });
  await bench.owner.query('insert into instance(id, created_at) values (1, now())');
});
afterAll(async () => {
  await engine?.close();
  await bench?.close();
});

/** Rows that say that a run is under way, in a Temporal that knows none of them. */
async function lostJobs(count: number): Promise<void> {
  const { org } = bench;
  const requests = Array.from({ length: count }, () => bench.request('noop', {}, null));
  const answers = await bench.api.inOrganization(org, (tx) => acceptJobs(tx, requests));
  for (const { jobId } of answers as { jobId: string }[])
    await bench.worker.inOrganization(org, (tx) => beginRun(tx, { orgId: org, jobId, runNo: 1 }, bench.newId()));
}

/** A worker that ends for good at its nth transaction inside an organisation. */
function dying(at: number): Database {
  let seen = 0;
  const inOrganization: Database['inOrganization'] = (orgId, work) => {
    if (++seen >= at) throw new Error('killed');
    return bench.worker.inOrganization(orgId, work);
  };
  return { ...bench.worker, inOrganization };
}

const watch = (db: Database) =>
  new EngineWatch({ database: db, engine, clock: bench.clock, random: bench.random, log });
const runNumbers = async () => {
  const found = await bench.owner.query('select run_no, count(*)::int as n from job group by run_no order by run_no');
  return Object.fromEntries(found.rows.map(({ run_no, n }) => [run_no, n]));
};
const setNamespace = (id: string | null) => bench.owner.query('update instance set temporal_namespace_id = $1', [id]);
const namespaceInRow = async () =>
  (await bench.owner.query('select temporal_namespace_id as id from instance')).rows[0].id;

async function untilDone(engine: EngineWatch): Promise<void> {
  while ((await engine.round()) === 'again');
}

test('the first namespace is only written down', async () => {
  await lostJobs(JOBS);
  await untilDone(watch(bench.worker));
  expect(await namespaceInRow()).toBe(await engine.namespaceId());
  expect(await runNumbers()).toEqual({ 1: JOBS });
});

test('another namespace gives each run another, in pages, whoever dies on the way', async () => {
  await setNamespace(bench.newId());
  for (const at of [4, 60]) await expect(untilDone(watch(dying(at)))).rejects.toThrow('killed');
  const between = await runNumbers();
  expect(between[2]).toBeGreaterThan(30);
  expect(between[1]).toBeGreaterThan(20);
  expect(await namespaceInRow()).not.toBe(await engine.namespaceId());

  await untilDone(watch(bench.worker));
  expect(await runNumbers()).toEqual({ 2: JOBS });
  expect(await namespaceInRow()).toBe(await engine.namespaceId());
  const found = await bench.owner.query('select id from job');
  for (const { id } of found.rows) expect(await engine.describe(id, 2)).toMatchObject({ status: 'RUNNING' });
});

test('runs that live in the namespace are left alone', async () => {
  await setNamespace(bench.newId());
  await bench.owner.query('delete from outbox');
  await untilDone(watch(bench.worker));
  expect(await runNumbers()).toEqual({ 2: JOBS });
});

test('a cancel that Temporal could not be told yet does not hide its run', async () => {
  await bench.owner.query('delete from outbox');
  const { org } = bench;
  const [job] = (await bench.owner.query('select id from job limit 1')).rows;
  await setNamespace(bench.newId());
  await bench.owner.query(`update job set run_id = gen_random_uuid()::text where id = $1`, [job.id]);
  // Attempted, so that it does not end with the cancel itself.
  await bench.owner.query(`update job set state = 'running' where id = $1`, [job.id]);
  const scope = { orgId: org, actor: bench.actor, requestId: 'r' };
  await bench.api.inOrganization(scope, (tx) => requestCancel(tx, job.id, null));
  expect((await bench.owner.query('select kind from outbox')).rows).toEqual([{ kind: 'cancel' }]);
  await untilDone(watch(bench.worker));
  expect(await runNumbers()).toEqual({ 2: JOBS - 1, 3: 1 });
  await bench.owner.query('update job set run_no = 2');
});

test('the sweep looks up no more runs in a round than it may, and finds all of them in the end', async () => {
  await bench.owner.query('delete from outbox');
  await bench.owner.query('update job set run_id = gen_random_uuid()::text');
  const parts = { database: bench.worker, engine, clock: bench.clock, random: bench.random, log };
  const sweep = new LostRunSweep(parts, { silentMs: 0, walkMs: 60_000, perSecond: 50 });
  const found: number[] = [];
  for (let round = 0; round < 4; round++) {
    await sweep.round();
    found.push((await runNumbers())[3] ?? 0);
  }
  // The fourth is a walk that may not begin yet.
  expect(found).toEqual([50, 100, JOBS, JOBS]);
});

test('while the namespace is missing nothing counts as lost', async () => {
  const { clock, random } = bench;
  const target = { ...(await ownNamespace()), namespace: 'nobody-made-it' };
  const nowhere = openWorkflowEngine({ target, clock, log });
  await setNamespace(bench.newId());
  const engine = new EngineWatch({ database: bench.worker, engine: nowhere, clock, random, log });
  await expect(engine.round()).rejects.toThrow();
  await expect(nowhere.inspect({ jobId: bench.newId(), runNo: 1, runId: null })).rejects.toThrow('nobody-made-it');
  await nowhere.close();
  expect(await runNumbers()).toEqual({ 3: JOBS });
});
