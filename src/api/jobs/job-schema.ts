import Type from 'typebox';
import { rfc3339 } from '../../db/core/page.ts';
import type { JobView } from '../../db/jobs/jobs.ts';
import type { Can } from '../../domain/core/actor.ts';
import { jobAllowed, jobNextAction } from '../../domain/jobs/allowed.ts';
import { JOB_STATES } from '../../domain/jobs/job-state.ts';
import { type IdNoun, publicId } from '../../lib/ids.ts';
import { Allowed, Closed, Id, Nullable, PAGE_QUERY, Time, Version } from '../core/common-schema.ts';

const JobState = Type.Enum([...JOB_STATES], { type: 'string', title: 'JobState' });
/** Values that a kind declares by itself; its parameters are in GET /job-kinds. */
const Open = Type.Record(Type.String(), Type.Unknown());

const JobFailure = Type.Object(
  { code: Type.String(), item: Type.String(), message: Type.String() },
  { title: 'JobFailure' },
);

export const Outcome = Type.Object(
  {
    code: Type.String({ description: 'Stable; programs go by this.' }),
    sentence: Type.String({ description: 'Why it ended so.' }),
    next: Type.String({ description: 'What to do about it; empty when nothing is to be done.' }),
    counts: Type.Record(Type.String(), Type.Number()),
    refs: Type.Record(Type.String(), Type.String()),
    failures: Type.Array(JobFailure),
    failureCount: Type.Integer({ description: 'How many in all; `failures` holds the first 100.' }),
  },
  { title: 'JobOutcome' },
);

/** A job as everybody sees it who may see it. */
export const SharedJob = Type.Object(
  {
    id: Id('job'),
    kind: Type.String(),
    title: Type.String(),
    state: JobState,
    reason: Nullable(
      Type.String({
        description:
          'Why it does not go on: `lock` or `host_offline` while it waits, `verifying_host` while it keeps its keys until its host is known to run nothing of it.',
      }),
    ),
    waitsFor: Nullable(
      Type.String({
        description:
          'The same in words; of a job that is under way also that its host is away, or what its program says why nothing moves (`progress.note`, since `progress.noteAt`).',
      }),
    ),
    stopsBy: Nullable({
      ...Time,
      description: 'Its host does not answer: what it may still run has stopped by itself at this time at the latest.',
    }),
    behindJobId: Nullable(Id('job')),
    queuePosition: Nullable(
      Type.Integer({ minimum: 1, description: '1 is next; 101 says that a hundred or more come before it.' }),
    ),
    host: Nullable(Type.Object({ id: Id('host'), name: Type.String() })),
    planId: Nullable(Id('plan')),
    repositoryId: Nullable(Id('repository')),
    params: Open,
    trigger: Type.String(),
    actor: Type.Object({ kind: Type.String(), label: Type.String() }),
    times: Type.Object({
      acceptedAt: Time,
      queuedAt: Nullable(Time),
      startedAt: Nullable(Time),
      finishedAt: Nullable(Time),
      queueDeadlineAt: Time,
    }),
    run: Type.Integer(),
    attempts: Type.Integer(),
    progress: Nullable(Open),
    progressAt: Nullable(Time),
    outcome: Nullable(Outcome),
    cancelRequestedAt: Nullable(Time),
    cancelActor: Nullable(Type.String()),
    cancelReason: Nullable(Type.String()),
    requestId: Type.String(),
    nextAction: Nullable(Type.Enum(['wait', 'read-log', 'look-at-host'])),
    version: Version,
  },
  { title: 'SharedJob' },
);

export const Job = Type.Object({ ...SharedJob.properties, allowed: Allowed }, { title: 'Job' });

export const StartJob = Closed({
  kind: Type.String({ minLength: 1, maxLength: 64, description: 'One of GET /job-kinds.' }),
  target: Type.Optional(
    Closed({ hostId: Type.Optional(Id('host')) }, { description: 'Left out when the plan names the host.' }),
  ),
  params: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: 'As the kind declares them.' })),
  ifBusy: Type.Optional(
    Type.Enum(['queue', 'refuse'], { description: '`refuse`: answer 409 rather than wait behind another job.' }),
  ),
});

export const JobQuery = Closed({
  ...PAGE_QUERY,
  kind: Type.Optional(Type.String({ maxLength: 64 })),
  state: Type.Optional(
    Type.Array(JobState, { maxItems: JOB_STATES.length, description: 'Several: repeat the parameter.' }),
  ),
  hostId: Type.Optional(Id('host')),
  planId: Type.Optional(Id('plan')),
});

const maybe = (noun: IdNoun, uuid: string | null) => (uuid === null ? null : publicId(noun, uuid));

const outcomeOf = (job: JobView): Type.Static<typeof Outcome> | null =>
  job.outcome_code === null
    ? null
    : {
        code: job.outcome_code,
        sentence: job.outcome_sentence ?? '',
        next: job.outcome_next ?? '',
        counts: job.counts ?? {},
        refs: job.refs ?? {},
        failures: job.failures ?? [],
        failureCount: job.failure_count,
      };

export function presentJob(job: JobView, can: Can): Type.Static<typeof Job> {
  return { ...presentSharedJob(job), allowed: jobAllowed({ state: job.state, siteId: job.site_id }, can) };
}

export function presentSharedJob(job: JobView): Type.Static<typeof SharedJob> {
  return {
    id: publicId('job', job.id),
    kind: job.kind,
    title: job.title,
    state: job.state,
    reason: job.reason,
    waitsFor: job.wait?.words ?? null,
    stopsBy: job.wait?.stopsBy ?? null,
    behindJobId: job.wait?.behindJobId ?? null,
    queuePosition: job.wait?.position ?? null,
    host: job.host_id === null ? null : { id: publicId('host', job.host_id), name: job.host_name ?? '' },
    planId: maybe('plan', job.plan_id),
    repositoryId: maybe('repository', job.repository_id),
    params: job.params,
    trigger: job.trigger,
    actor: { kind: job.actor_kind, label: job.actor_label },
    times: {
      acceptedAt: rfc3339(job.accepted_at),
      queuedAt: rfc3339(job.queued_at),
      startedAt: rfc3339(job.started_at),
      finishedAt: rfc3339(job.finished_at),
      queueDeadlineAt: rfc3339(job.queue_deadline_at),
    },
    run: job.run_no,
    attempts: job.attempts,
    progress: job.progress,
    progressAt: rfc3339(job.progress_at),
    outcome: outcomeOf(job),
    cancelRequestedAt: rfc3339(job.cancel_requested_at),
    cancelActor: job.cancel_actor,
    cancelReason: job.cancel_reason,
    requestId: job.request_id,
    nextAction: jobNextAction({ state: job.state, siteId: job.site_id }),
    version: job.version,
  };
}
