import { sql } from 'kysely';
import { CONTROL_QUEUE, mainQueue, quickQueue } from '../../../catalog/queues.ts';
import { transition } from '../../../domain/jobs/job-state.ts';
import {
  type BeginAnswer,
  isCurrentOrUnbegun,
  type JobOrder,
  type LeftBehind,
  type RunInput,
} from '../../../domain/jobs/run.ts';
import type { JobKind } from '../../../kinds/core/define-kind.ts';
import { publicId } from '../../../lib/ids.ts';
import { lockOrganization } from '../../core/lock-organization.ts';
import type { Tx } from '../../core/transaction.ts';
import { type JobRow, readJob } from '../job-row.ts';
import { moveJobs } from '../move-jobs.ts';
import { leftBehind } from './left-behind.ts';

/** A host's agent that does not pick an attempt up in this time counts as away. */
export const SCHEDULE_TO_START_MS = 30_000;

/**
 * The first thing a run does: stores its Temporal run id (the fence), takes the job from `queued` to `running`, drops its
 * outbox entry, and answers all it needs. Repeating it is harmless; a run that is not the job's current one is turned away.
 */
export async function beginRun(tx: Tx, input: RunInput, runId: string): Promise<BeginAnswer> {
  const [, job] = await Promise.all([lockOrganization(tx), readJob(tx, input.jobId)]);
  if (job === null || !isCurrentOrUnbegun(job, { ...input, runId })) return { verdict: 'not-mine' };
  const next = transition(job.state, 'begun');
  if (next === null) return { verdict: 'not-mine' };
  const set = { run_id: runId, started_at: sql`coalesce(started_at, ${tx.now}::timestamptz)` };
  const begun = moveJobs(tx, { ids: [job.id], state: job.state }, 'begun', { set });
  const asked = Promise.all([begun, input.runNo === 1 ? null : leftBehind(tx, input)]);
  tx.conclude();
  const [, left] = await asked;
  return orderOf(job, tx.registry.kinds.byKey(job.kind)!, next.state === 'cancelling', left);
}

function orderOf(job: JobRow, kind: JobKind, cancelAsked: boolean, left: LeftBehind | null): JobOrder {
  return {
    verdict: 'go',
    kind: kind.key,
    jobId: publicId('job', job.id),
    hostId: job.hostId,
    activity: kind.activity,
    taskQueue: queueOf(job, kind),
    title: job.title,
    repeat: kind.repeat,
    heartbeatTimeoutMs: kind.limits.heartbeatTimeoutMs,
    runTimeoutMs: kind.limits.runTimeoutMs,
    scheduleToStartMs: SCHEDULE_TO_START_MS,
    quickQueue: job.hostId === null ? null : quickQueue(job.hostId),
    stop: kind.stop,
    cancelAsked,
    leftBehind: left,
  };
}

function queueOf(job: JobRow, kind: JobKind): string {
  if (job.hostId === null || kind.lane === 'control') return CONTROL_QUEUE;
  return kind.lane === 'quick' ? quickQueue(job.hostId) : mainQueue(job.hostId);
}
