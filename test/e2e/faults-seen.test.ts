import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parsePublicId } from '../../src/lib/ids.ts';
import { dataPaths } from '../../src/processes/place/data-folder.ts';
import { lazyConnection } from '../../src/temporal/connection.ts';
import { gatherEvidence } from '../faults/evidence.ts';
import { Accepted, buildSite, type Site } from '../faults/load.ts';
import { LogViewer } from '../faults/log-viewer.ts';
import { storedLines } from '../faults/scenarios/log-flood.ts';
import { type FaultStack, openFaultStack } from '../faults/stack/fault-stack.ts';
import { judge } from '../faults/verdict.ts';
import { untilTrue } from '../harness/until-true.ts';

/** The checkers of `npm run test:faults` against faults that were put into a real stack by hand: each has to be seen. */
let stack: FaultStack;
let site: Site;
let accepted: Accepted;
let since: Date;
let backup: string;
let chatty: string;
let snapshot: string;
beforeAll(async () => {
  stack = await openFaultStack();
  site = await buildSite(stack, 1);
  since = (await stack.database.rows<{ now: Date }>('select clock_timestamp() as now'))[0]!.now;
  accepted = new Accepted(stack);
  backup = await accepted.backup(site.hosts[0]!.planId);
  chatty = await accepted.noop(site.hosts[0]!, { logLines: 500 });
  await accepted.settle(60_000);
  snapshot = (await stack.client.get(`jobs/${backup}`)).outcome.refs.snapshotId;
});
afterAll(() => stack?.close());

async function counts() {
  const verdict = judge(accepted.jobs, await gatherEvidence(stack, [site.repository], accepted.jobs, since));
  return { lost: verdict.lost, doubled: verdict.doubled, stuck: verdict.stuck };
}
const none = { lost: 0, doubled: 0, stuck: 0 };
const uuid = (job: string) => parsePublicId('job', job);
const resticEnv = () => ({
  PATH: process.env.PATH ?? '',
  HOME: stack.folder,
  RESTIC_REPOSITORY: site.repository.path,
  RESTIC_PASSWORD: site.repository.password,
});
const restic = (...args: string[]) => {
  const answer = spawnSync(stack.restic, ['--no-cache', ...args], { env: resticEnv(), encoding: 'utf8' });
  if (answer.status !== 0) throw new Error(answer.stderr);
};
async function end(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

test('a stack without faults is clean', async () => {
  expect(await counts()).toEqual(none);
});

test('stuck: a process of a job that has ended', async () => {
  const env = { HOLDFAST_JOB_ID: backup, PLACE: stack.folder };
  const child = spawn('/bin/sleep', ['60'], { env });
  await once(child, 'spawn');
  expect(await counts()).toEqual({ ...none, stuck: 1 });
  await end(child);
  expect(await counts()).toEqual(none);
});

test('stuck: the lock of a restic that was killed', async () => {
  const args = ['--no-cache', '--limit-upload=1', 'backup', '--tag', 'other', process.execPath];
  const child = spawn(stack.restic, args, { env: resticEnv(), stdio: 'ignore' });
  const { path } = site.repository;
  await untilTrue('it holds a lock', () => spawnSync('ls', [join(path, 'locks')], { encoding: 'utf8' }).stdout !== '');
  await end(child);
  expect(await counts()).toEqual({ ...none, stuck: 1 });
  restic('unlock');
  expect(await counts()).toEqual(none);
});

test('stuck: a run that nobody works on', async () => {
  const connection = lazyConnection(stack.temporal);
  const client = new Client({ connection, namespace: stack.temporal.namespace });
  const run = await client.workflow.start('noop', { taskQueue: 'nobody', workflowId: 'job/by-hand/1', args: [] });
  await untilTrue('it is listed', async () => (await counts()).stuck === 1);
  await run.terminate();
  await connection.close();
  expect(await counts()).toEqual(none);
});

test('stuck: a key that is held by a job that has ended, and its count', async () => {
  await stack.database.rows(
    `insert into lock_slot(org_id, key, slot, job_id) select org_id, key, 0, $1 from lock_key where is_host limit 1`,
    [uuid(backup)],
  );
  // The slot, the count of its key, and that its job is not under way.
  expect(await counts()).toEqual({ ...none, stuck: 3 });
  await stack.database.rows('delete from lock_slot');
  expect(await counts()).toEqual(none);
});

test('doubled: two programs of one job at the same time', async () => {
  const witness = join(stack.folder, 'witness', `restic-${site.hosts[0]!.name}`);
  const env = { ...resticEnv(), HOLDFAST_JOB_ID: 'job_twice' };
  const args = ['backup', '--no-cache', '--tag', 'other', site.hosts[0]!.source];
  const children = [1, 2].map(() => spawn(witness, args, { env, stdio: 'ignore' }));
  await Promise.all(children.map((child) => once(child, 'exit')));
  // One of one host, and one of one job.
  expect(await counts()).toEqual({ ...none, doubled: 2 });
});

test('doubled: a snapshot more than there were attempts', async () => {
  restic('backup', '--tag', `job:${backup}`, site.hosts[0]!.source);
  expect(await counts()).toEqual({ ...none, doubled: 1 });
});

test('lost: the snapshot of a backup that succeeded', async () => {
  restic('forget', snapshot);
  expect(await counts()).toEqual({ ...none, lost: 1 });
});

test('lost and doubled: lines in the log store, and in what viewers get of it', async () => {
  const api = JSON.parse(readFileSync(dataPaths(join(stack.folder, 'data')).cliFile, 'utf8'));
  const both = async () => {
    const viewer = new LogViewer('a viewer', api, chatty, 500, 150);
    await viewer.watch(AbortSignal.timeout(30_000));
    const found = [await storedLines(stack, chatty, 500), viewer];
    return found.map(({ verdict: { lost, doubled } }) => ({ lost, doubled }));
  };
  expect(await both()).toEqual(Array(2).fill({ lost: 0, doubled: 0 }));
  const [gone] = await stack.database.rows<{ lines: number; first_seq: string }>(
    'delete from log_chunk where job_id = $1 and first_seq = 0 returning lines, first_seq',
    [uuid(chatty)],
  );
  expect(await both()).toEqual(Array(2).fill({ lost: gone!.lines, doubled: 0 }));
  const [again] = await stack.database.rows<{ lines: number }>(
    `with c as (select * from log_chunk where job_id = $1 order by first_seq limit 1),
       h as (insert into log_head(org_id, job_id, run_no, attempt, day, next_seq, closed)
         select org_id, job_id, run_no, attempt + 1, day, lines, true from c)
     insert into log_chunk(day, org_id, job_id, run_no, attempt, first_seq, lines, at, body)
       select day, org_id, job_id, run_no, attempt + 1, 0, lines, at, body from c returning lines`,
    [uuid(chatty)],
  );
  expect(await both()).toEqual(Array(2).fill({ lost: gone!.lines, doubled: again!.lines }));
});

test('lost: lines of a log', async () => {
  await stack.database.rows('delete from log_chunk where first_seq > 0');
  expect(await counts()).toEqual({ ...none, lost: 2 });
});

test('lost: the row of an accepted job', async () => {
  await stack.database.rows(
    `with a as (delete from attempt where job_id = $1), l as (delete from log_head where job_id = $1) select 1`,
    [uuid(backup)],
  );
  await stack.database.rows('delete from job where id = $1', [uuid(backup)]);
  expect((await counts()).lost).toBe(2);
});
