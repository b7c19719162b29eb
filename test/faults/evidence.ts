import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { parsePublicId, publicId } from '../../src/lib/ids.ts';
import { lazyConnection } from '../../src/temporal/connection.ts';
import type { FaultStack } from './stack/fault-stack.ts';
import type { FaultRepository } from './stack/hosts.ts';
import { jobProcesses } from './stack/own-folder.ts';
import { takeViolations } from './stack/witness.ts';
import type { Evidence, ExpectedJob } from './verdict.ts';

/** Everything there is to see, when all is over or the time is up. `since`: what came before is no concern of this row. */
export async function gatherEvidence(
  stack: FaultStack,
  repositories: readonly FaultRepository[],
  expected: readonly ExpectedJob[],
  since: Date,
): Promise<Evidence> {
  const { database } = stack;
  const job = (uuid: string) => publicId('job', uuid);
  const jobs = await database.rows<{ id: string; state: string; code: string; snapshot: string; audits: string }>(
    `select j.id, j.state, j.outcome_code as code, j.refs->>'snapshotId' as snapshot,
            (select count(*) from audit_event a where a.object_id = j.id and a.action = 'job.start') as audits
       from job j where j.accepted_at >= $1`,
    [since],
  );
  const attempts = await database.rows<{
    job_id: string;
    run_no: number;
    attempt_no: number;
    claimed_at: Date;
    result_at: Date;
  }>(
    `select a.job_id, a.run_no, a.attempt_no, a.claimed_at, a.result_at from attempt a
       join job j on j.org_id = a.org_id and j.id = a.job_id where j.accepted_at >= $1 and a.class = 'work'`,
    [since],
  );
  const logs = new Map<string, string[]>();
  for (const { id, logLines } of expected) if (logLines > 0) logs.set(id, await lastLog(stack, id));
  return {
    jobs: jobs.map(({ id, state, code, snapshot, audits }) => {
      return { id: job(id), state, code, snapshotId: snapshot, auditStarts: Number(audits) };
    }),
    attempts: attempts.map((row) => {
      const { run_no: runNo, attempt_no: attempt, claimed_at: claimedAt, result_at: resultAt } = row;
      return { jobId: job(row.job_id), runNo, attempt, claimedAt, resultAt };
    }),
    snapshots: repositories.flatMap((repository) => snapshotsOf(stack.restic, repository)),
    logs,
    violations: takeViolations(join(stack.folder, 'witness')),
    leftovers: [
      ...(await rowsLeft(stack)),
      ...(await openWorkflows(stack)),
      ...repositories.flatMap((repository) => locksOf(stack.restic, repository)),
      ...jobProcesses(stack.folder).map(({ pid, jobId, command }) => `process ${pid} of ${jobId} runs: ${command}`),
    ],
  };
}

/** The log texts of the attempt that came last. */
async function lastLog({ database }: FaultStack, id: string): Promise<string[]> {
  const chunks = await database.rows<{ body: string }>(
    `select body from log_chunk where job_id = $1 and (run_no, attempt) =
       (select run_no, attempt from log_chunk where job_id = $1 order by run_no desc, attempt desc limit 1) order by first_seq`,
    [parsePublicId('job', id)],
  );
  return chunks.flatMap(({ body }) => (JSON.parse(body) as [number, string, string][]).map((line) => line[2]));
}

async function rowsLeft({ database, orgId }: FaultStack): Promise<string[]> {
  const left = await database.rows<{ what: string }>(
    `select 'key ' || key || ' is held by ' || job_id as what from lock_slot
     union all select 'a request for ' || key || ' of ' || job_id from lock_request
     union all select 'the outbox holds ' || kind || ' of ' || job_id || coalesce(': ' || last_error, '') from outbox
     union all select 'locks: ' || what || ' ' || detail from lock_check($1)`,
    [orgId],
  );
  return left.map(({ what }) => what);
}

/** Visibility is written a moment after the end of a run: what is listed is asked itself. */
async function openWorkflows({ temporal }: FaultStack): Promise<string[]> {
  const connection = lazyConnection(temporal);
  try {
    const client = new Client({ connection, namespace: temporal.namespace });
    const open: string[] = [];
    for await (const run of client.workflow.list({ query: "ExecutionStatus='Running'" })) {
      const { status } = await client.workflow.getHandle(run.workflowId, run.runId).describe();
      if (status.name === 'RUNNING') open.push(`workflow ${run.workflowId} runs on`);
    }
    return open;
  } finally {
    await connection.close();
  }
}

function snapshotsOf(restic: string, repository: FaultRepository): { id: string; jobId: string }[] {
  const listed = JSON.parse(ask(restic, repository, ['snapshots', '--json', '--no-lock'])) as {
    id: string;
    tags?: string[];
  }[];
  return listed.flatMap(({ id, tags = [] }) =>
    tags.filter((tag) => tag.startsWith('job:')).map((tag) => ({ id, jobId: tag.slice('job:'.length) })),
  );
}

function locksOf(restic: string, repository: FaultRepository): string[] {
  const listed = ask(restic, repository, ['list', 'locks', '--no-lock']);
  return listed
    .split('\n')
    .flatMap((id) => (id.trim() === '' ? [] : [`restic lock ${id.slice(0, 8)} of ${repository.path}`]));
}

function ask(restic: string, { path, password }: FaultRepository, args: readonly string[]): string {
  const env = { RESTIC_REPOSITORY: path, RESTIC_PASSWORD: password, PATH: process.env.PATH ?? '', HOME: path };
  const answer = spawnSync(restic, ['--no-cache', ...args], { env, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (answer.status !== 0) throw new Error(`restic ${args[0]} of ${path}: ${answer.stderr}`);
  return answer.stdout;
}

/** Jobs that were begun more than once, for faults that are no reason to. */
export async function restartedJobs({ database }: FaultStack, expected: readonly ExpectedJob[]): Promise<string[]> {
  const again = await database.rows<{ id: string; attempts: string; run_no: number }>(
    `select j.id, j.run_no, (select count(*) from attempt a where a.job_id = j.id and a.class = 'work') as attempts from job j
      where j.id = any($1::uuid[]) and (j.run_no > 1 or (select count(*) from attempt a where a.job_id = j.id and a.class = 'work') > 1)`,
    [expected.map(({ id }) => parsePublicId('job', id))],
  );
  return again.map(
    ({ id, attempts, run_no }) => `${publicId('job', id)} was begun again: run ${run_no}, ${attempts} attempts`,
  );
}
