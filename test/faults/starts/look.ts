import { setTimeout as sleep } from 'node:timers/promises';
import { runWorkflowId } from '../../../src/domain/jobs/workflow-id.ts';
import { parsePublicId } from '../../../src/lib/ids.ts';
import type { Answers, Place } from './place.ts';

export interface Found {
  readonly lost: readonly string[];
  readonly doubled: readonly string[];
  readonly stuck: readonly string[];
}

interface KeyRow {
  key: string;
  id: string | null;
  state: string | null;
  run_no: number;
  run_id: string | null;
  starts: number;
  ends: number;
  told: number;
  left: number;
}

const ROWS = `
  select i.key, j.id, j.state, j.run_no, j.run_id,
         (select count(*)::int from audit_event a where a.org_id = i.org_id and a.object_id = i.subject_id and a.action = 'job.start') as starts,
         (select count(*)::int from audit_event a where a.org_id = i.org_id and a.object_id = i.subject_id and a.action = 'job.end') as ends,
         (select count(*)::int from event e where e.org_id = i.org_id and e.subject_id = i.subject_id and e.topic = 'job.ended') as told,
         (select count(*)::int from outbox o where o.org_id = i.org_id and o.job_id = i.subject_id)
           + (select count(*)::int from lock_slot s where s.org_id = i.org_id and s.job_id = i.subject_id)
           + (select count(*)::int from lock_request r where r.org_id = i.org_id and r.job_id = i.subject_id) as left
    from idempotency_key i left join job j on j.org_id = i.org_id and j.id = i.subject_id where i.org_id = $1 and i.key = any($2)`;

const COUNTS = `
  select (select count(*)::int from job where org_id = $1) as jobs, (select count(*)::int from idempotency_key where org_id = $1) as keys`;

/** Waits for the jobs' ends, then looks whether each key led to one job, one workflow, one start and one end in the audit. */
export async function lookAtStarts(place: Place, answers: Answers, deadlineMs: number): Promise<Found> {
  const { org } = place;
  const keys = [...answers.keys()];
  await untilEnded(place, keys, deadlineMs);
  const rows = new Map<string, KeyRow>();
  for (const row of await place.rows<KeyRow>(ROWS, [org, keys])) rows.set(row.key, row);
  const lost: string[] = [];
  const doubled: string[] = [];
  const stuck: string[] = [];
  for (const [key, ids] of answers) {
    const row = rows.get(key);
    if (!row?.id) lost.push(`${key} was answered ${ids.length} times and has no job`);
    else {
      if (row.state !== 'succeeded') stuck.push(`${key} is ${row.state}`);
      if (row.left > 0) stuck.push(`${key} left ${row.left} rows of outbox and locks`);
      if (ids.some((id) => parsePublicId('job', id) !== row.id))
        doubled.push(`${key} was answered ${[...new Set(ids)]}`);
      if (row.starts !== 1 || row.ends !== 1 || row.told !== 1)
        doubled.push(
          `${key} has ${row.starts} starts and ${row.ends} ends in the audit, ${row.told} events of its end`,
        );
      if (row.run_no !== 1) doubled.push(`${key} was run ${row.run_no} times`);
      const workflow = await describe(place, row.id);
      if (workflow !== `${row.run_id} COMPLETED`) stuck.push(`${key} has the workflow ${workflow}`);
    }
  }
  const [count] = await place.rows<{ jobs: number; keys: number }>(COUNTS, [org]);
  if (count!.jobs !== count!.keys) doubled.push(`${count!.jobs} jobs for ${count!.keys} keys`);
  return { lost, doubled, stuck };
}

async function untilEnded({ rows, org }: Place, keys: readonly string[], deadlineMs: number): Promise<void> {
  const open = `select count(*) from idempotency_key i join job j on j.org_id = i.org_id and j.id = i.subject_id
    where i.org_id = $1 and i.key = any($2) and j.finished_at is null`;
  for (const end = Date.now() + deadlineMs; Date.now() < end; await sleep(100))
    if ((await rows<{ count: string }>(open, [org, keys]))[0]!.count === '0') return;
}

async function describe({ client }: Place, jobId: string): Promise<string> {
  // Closing a workflow comes after its last activity, which made the row terminal.
  for (let tries = 0; ; tries++) {
    const said = await client.workflow
      .getHandle(runWorkflowId(jobId, 1))
      .describe()
      .then(
        (d) => `${d.runId} ${d.status.name}`,
        (thrown: Error) => thrown.name,
      );
    if (!said.endsWith('RUNNING') || tries === 50) return said;
    await sleep(100);
  }
}
