import { defineEntity, p } from '@mikro-orm/core';
import type { AttemptClass } from '../../domain/jobs/agent-protocol.ts';
import type { JobState } from '../../domain/jobs/job-state.ts';
import type { AttemptResult, ItemFailure } from '../../domain/jobs/outcome.ts';
import { tenantPolicies } from '../core/policies.ts';
import { Host } from './host.ts';
import { Plan } from './plan.ts';
import { reference } from './references.ts';
import { Repository } from './repository.ts';
import { Site } from './site.ts';

/** One time that something is done. Every decision about it is in this row; Temporal only carries it out. */
export const JobSchema = defineEntity({
  name: 'Job',
  tableName: 'job',
  policies: tenantPolicies('job'),
  indexes: [
    { name: 'job_host', expression: 'create index "job_host" on "job" ("org_id", "host_id", "id" desc)' },
    { name: 'job_kind', expression: 'create index "job_kind" on "job" ("org_id", "kind", "id" desc)' },
    {
      name: 'job_state',
      expression: `create index "job_state" on "job" ("org_id", "state", "id" desc) where state <> 'succeeded'`,
    },
    {
      name: 'job_under_way',
      expression: `create index "job_under_way" on "job" ("org_id", "id") where state = any (array['queued', 'running', 'cancelling'])`,
    },
    {
      name: 'job_waiting_host',
      expression: `create index "job_waiting_host" on "job" ("org_id", "host_id") where state = 'waiting'`,
    },
    {
      name: 'job_waiting_deadline',
      expression: `create index "job_waiting_deadline" on "job" ("queue_deadline_at") where state = 'waiting'`,
    },
  ],
  properties: {
    orgId: p.uuid().primary(),
    id: p.uuid().primary(),
    kind: p.text(),
    /** What it does, in words, as they were when it was accepted. */
    title: p.text(),
    state: p
      .text()
      .$type<JobState>()
      .check(
        "state = any (array['waiting', 'queued', 'running', 'paused', 'cancelling', 'succeeded', 'partial', 'failed', 'cancelled', 'timed_out', 'unknown'])",
      ),
    /** Why it does not go on: `lock` or `host_offline` while it waits, `verifying_host` while its run waits for its host to be quiet. */
    reason: p.text().nullable(),
    host: () => reference(Host, 'host_id').nullable(),
    site: () => reference(Site, 'site_id').nullable(),
    repository: () => reference(Repository, 'repository_id').nullable(),
    plan: () => reference(Plan, 'plan_id').nullable(),
    params: p.json().$type<Record<string, unknown>>(),
    trigger: p.text().check("trigger = any (array['person', 'key', 'schedule', 'runbook', 'system'])"),
    actorKind: p.text(),
    actorId: p.uuid().nullable(),
    actorLabel: p.text(),
    requestId: p.text(),
    parent: () => reference(Job, 'parent_job_id').nullable(),
    retryOf: () => reference(Job, 'retry_of_job_id').nullable(),
    /** Which start this is; goes up each time the job must start again, so that an old run cannot pass for the new one. */
    runNo: p.integer().default(1),
    /** Temporal's run id, stored by the run's own begin; what comes from another run is refused. */
    runId: p.text().nullable(),
    /** Accept order, taken inside the organisation's lock. */
    seq: p.bigint().nullable(),
    acceptedAt: p.datetime(),
    /** The partition of its log, fixed here so that a run over midnight stays in one. */
    acceptedDay: p.date(),
    queuedAt: p.datetime().nullable(),
    startedAt: p.datetime().nullable(),
    finishedAt: p.datetime().nullable(),
    queueDeadlineAt: p.datetime(),
    attempts: p.integer().default(0),
    cancelRequestedAt: p.datetime().nullable(),
    cancelActor: p.text().nullable(),
    cancelReason: p.text().nullable(),
    outcomeCode: p.text().nullable(),
    outcomeSentence: p.text().nullable(),
    outcomeNext: p.text().nullable(),
    counts: p.json().$type<Record<string, number>>().nullable(),
    refs: p.json().$type<Record<string, string>>().nullable(),
    failures: p.json().$type<ItemFailure[]>().nullable(),
    failureCount: p.integer().default(0),
    progress: p.json().$type<Record<string, unknown>>().nullable(),
    progressAt: p.datetime().nullable(),
    /** While its host is asked whether anything of it still runs there: when the host has stopped it by itself at the latest. */
    verifyingUntil: p.datetime().nullable(),
    amendedAt: p.datetime().nullable(),
    version: p.integer().version(),
  },
});
export class Job extends JobSchema.class {}
JobSchema.setClass(Job);

/** One host activity of a run, from the moment it claimed or said something. */
export const AttemptSchema = defineEntity({
  name: 'Attempt',
  tableName: 'attempt',
  policies: tenantPolicies('attempt'),
  uniques: [{ name: 'attempt_number_unique', properties: ['orgId', 'job', 'runNo', 'attemptNo'] }],
  properties: {
    orgId: p.uuid().primary(),
    id: p.uuid().primary(),
    job: () => reference(Job, 'job_id'),
    runNo: p.integer(),
    attemptNo: p.integer(),
    host: () => reference(Host, 'host_id'),
    /** The host's epoch when it claimed: an agent with a later one knows nothing of this attempt's process any more. */
    epoch: p.integer(),
    activity: p.text(),
    /** Null: it was given up before it said anything, and nobody may be it any more. */
    tokenHash: p.type(Buffer).columnType('bytea').nullable(),
    /** `cleanup` hands out what a stopped program's traces are removed with, while the job keeps its keys. */
    class: p.text().$type<AttemptClass>().default('work').check("class = any (array['work', 'cleanup'])"),
    /** When its run stopped waiting for its answer: from then on it may not claim. */
    givenUpAt: p.datetime().nullable(),
    firstSeenAt: p.datetime(),
    /** From here on the attempt may have touched the world. */
    claimedAt: p.datetime().nullable(),
    secretVersion: p.integer().nullable(),
    /** How it ended, as its last report said; late evidence is exactly this. */
    result: p.json().$type<AttemptResult>().nullable(),
    resultAt: p.datetime().nullable(),
    version: p.integer().version(),
  },
});
export class Attempt extends AttemptSchema.class {}
AttemptSchema.setClass(Attempt);
