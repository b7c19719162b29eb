import { afterAll, beforeAll, expect, test } from 'vitest';
import type { EndingJob } from '../../src/db/core/job-registry.ts';
import { JOB_REGISTRY } from '../../src/db/job-registry.ts';
import { acceptJobs } from '../../src/db/jobs/accept-jobs.ts';
import { type AskedSubjects, loadSubjects } from '../../src/db/jobs/load-subjects.ts';
import { beginRun } from '../../src/db/jobs/run/begin-run.ts';
import { claimAttempt } from '../../src/db/jobs/run/claim-attempt.ts';
import { finishRun } from '../../src/db/jobs/run/finish-run.ts';
import { requeueRun } from '../../src/db/jobs/run/requeue-run.ts';
import type { Can } from '../../src/domain/core/actor.ts';
import { kindRegistry } from '../../src/kinds/core/kind-registry.ts';
import { KINDS, SUBJECTS } from '../../src/kinds/index.ts';
import { publicId } from '../../src/lib/ids.ts';
import { acceptJob } from '../harness/accept-job.ts';
import { type Bench, openBench } from '../harness/bench.ts';
import { prove, SNAPSHOT, snapshotSubject } from '../harness/snapshot-subject.ts';
import { testRegistry } from '../harness/test-kinds.ts';

/** A noun and a kind that stand in tests alone go the whole way of a job: nothing in jobs or core knows of them. */
let bench: Bench;
const ended: EndingJob[] = [];
beforeAll(async () => {
  const learn = async (_tx: unknown, job: EndingJob) => void ended.push(job);
  bench = await openBench(
    undefined,
    testRegistry({ kinds: [prove], subjects: [SNAPSHOT], tables: snapshotSubject, ends: [{ learn }] }),
  );
});
afterAll(() => bench?.close());

const runOf = (jobId: string, runNo = 1) => ({ orgId: bench.org, jobId, runNo });
const row = async (jobId: string) => (await bench.owner.query('select * from job where id = $1', [jobId])).rows[0];

async function begin(jobId: string, runNo = 1): Promise<void> {
  const input = runOf(jobId, runNo);
  const answer = await bench.worker.inOrganization(bench.org, (tx) => beginRun(tx, input, `run ${runNo}`));
  expect(answer.verdict).toBe('go');
}

async function finish(jobId: string, refs: Record<string, string> = {}, runNo = 1): Promise<void> {
  const outcome = { code: 'succeeded', counts: {}, refs };
  await bench.worker.inOrganization(bench.org, (tx) =>
    finishRun(tx, runOf(jobId, runNo), `run ${runNo}`, { how: 'answered', outcome }, 1),
  );
}

/** The job of a backup that ended so, of a host and a plan of its own. */
async function backedUp(refs: Record<string, string>) {
  const host = await bench.addHost();
  const plan = (await bench.addPlan(host)).id;
  const backup = await acceptJob(bench, 'backup', { planId: publicId('plan', plan) }, null);
  await begin(backup);
  await finish(backup, refs);
  return { backup, host, plan, repository: (await row(backup)).repository_id as string };
}

const paramsOf = (backup: string) => ({ snapshotId: publicId('job', backup) });

async function ask(params: Record<string, unknown>, hostId: string | null = null, can: Can = () => true) {
  const request = { ...bench.request('prove', params, hostId), can };
  const [answer] = await bench.api.inOrganization(bench.org, (tx) => acceptJobs(tx, [request]));
  return answer!;
}

test('a noun that jobs do not know is loaded with what it brings along, at the claim and after a new start too', async () => {
  const { backup, host, repository } = await backedUp({ snapshotId: 'a'.repeat(64) });
  const jobId = await acceptJob(bench, 'prove', paramsOf(backup), null);
  expect(await row(jobId)).toMatchObject({ host_id: host, repository_id: repository, plan_id: null, state: 'queued' });
  expect((await row(jobId)).title).toMatch(/^Prove Back up .+ from /);
  await begin(jobId);
  await bench.worker.inOrganization(bench.org, (tx) => requeueRun(tx, runOf(jobId), 'run 1'));
  const keys = await bench.owner.query('select key from lock_request where job_id = $1', [jobId]);
  expect(keys.rows).toEqual([{ key: `host/${host}` }]);
});

test('the claim hands out the work of its subjects and the secret of one that was brought along; its end is told to areas', async () => {
  const { backup, host, repository } = await backedUp({ snapshotId: 'b'.repeat(64) });
  const jobId = await acceptJob(bench, 'prove', paramsOf(backup), null);
  await begin(jobId);
  const who = { orgId: bench.org, hostId: host, jobId, runNo: 1, runId: 'run 1', attempt: 1, activity: 'noop.v1' };
  const claimed = await bench.gateway.inOrganization(bench.org, (tx) =>
    claimAttempt(tx, { ...who, tokenHash: Buffer.from('token') }, bench.newId(), bench.clock.now()),
  );
  expect(claimed).toMatchObject({
    verdict: 'claimed',
    work: { repositoryUrl: `/tmp/${repository}`, snapshot: 'b'.repeat(64) },
    secrets: [{ name: 'password', row: repository }],
  });
  await finish(jobId);
  expect(ended.at(-1)).toMatchObject({ id: jobId, kind: { key: 'prove' } });
  expect(ended.at(-1)!.subjects).toEqual({ snapshot: backup, host, repository });
  const { rows } = await bench.owner.query('select state from repository where id = $1', [repository]);
  expect(rows).toEqual([{ state: 'ready' }]);
});

test('one that is not there, may not be seen or is not ready is refused with its own words, and writes nothing', async () => {
  const { backup, host } = await backedUp({ snapshotId: 'c'.repeat(64) });
  const { backup: without } = await backedUp({});
  const jobs = async () => (await bench.owner.query('select count(*)::int as n from job')).rows[0].n;
  const before = await jobs();
  const unknown = { code: 'unknown-target', message: 'There is no such snapshot.', pointer: '/params/snapshotId' };
  const refused = (failure: object) => ({ verdict: 'refused', failure });
  expect(await ask(paramsOf(bench.newId()))).toMatchObject(refused(unknown));
  expect(await ask(paramsOf(backup), null, (permission) => permission !== 'job:read')).toMatchObject(refused(unknown));
  expect(await ask(paramsOf(without))).toMatchObject(refused({ code: 'no-such-snapshot', pointer: '/params' }));
  expect(await ask(paramsOf(backup), host)).toMatchObject(
    refused({ message: 'The snapshot says which host; leave the target out.', pointer: '/target' }),
  );
  expect(await jobs()).toBe(before);
});

test('requests for different nouns are loaded together in one statement, each with its own', async () => {
  const { backup, host, plan, repository } = await backedUp({ snapshotId: 'd'.repeat(64) });
  const other = await bench.addHost();
  let statements = 0;
  const found = await bench.api.inOrganization(bench.org, (tx) => {
    const rows: typeof tx.rows = (statement) => {
      statements++;
      return tx.rows(statement);
    };
    const asked: AskedSubjects[] = [
      { plan },
      { host: other },
      {},
      { snapshot: backup },
      { snapshot: backup, host: other },
    ];
    return loadSubjects({ ...tx, rows }, asked);
  });
  expect(statements).toBe(1);
  const ids = found.map((subjects) =>
    Object.fromEntries(Object.entries(subjects).map(([noun, one]) => [noun, one?.id])),
  );
  expect(ids).toEqual([
    { plan, host, repository },
    { host: other },
    {},
    { snapshot: backup, host, repository },
    // What is named goes before what is brought along.
    { snapshot: backup, host: other, repository },
  ]);
});

test('each subject of the product is loaded by a table of its own', () => {
  expect(Object.keys(JOB_REGISTRY.tables).sort()).toEqual(SUBJECTS.map(({ noun }) => noun).sort());
});

test('a list of kinds in which a noun is unknown, or stands behind what it brings along, is refused at the start', () => {
  expect(() => kindRegistry([...KINDS, prove], SUBJECTS)).toThrow('there is no subject snapshot');
  expect(() => kindRegistry(KINDS, [...SUBJECTS, SNAPSHOT])).toThrow('snapshot brings host along');
});
