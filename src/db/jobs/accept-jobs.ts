import { sql } from 'kysely';
import type { Actor, Can, Trigger } from '../../domain/core/actor.ts';
import type { JobFacts } from '../../domain/jobs/facts.ts';
import { withSite } from '../../domain/jobs/lock.ts';
import { type AskedJob, judgeRequest, type ReadRequest, readRequest } from '../../kinds/core/judge-request.ts';
import { Failure } from '../../lib/failure.ts';
import type { IdempotencyKeyUse } from '../core/idempotency.ts';
import { lockOrganization } from '../core/lock-organization.ts';
import type { Tx } from '../core/transaction.ts';
import { tryJobs } from './grant.ts';
import { insertJobs, type NewJob } from './insert-jobs.ts';
import { loadWaits, type Sees } from './job-waits.ts';
import { loadSubjects } from './load-subjects.ts';
import type { StartOrder } from './start-orders.ts';

export interface JobRequest extends AskedJob {
  readonly trigger: Trigger;
  readonly actor: Actor;
  readonly can: Can;
  readonly requestId: string;
  readonly idempotency: IdempotencyKeyUse | null;
  /** `refuse`: rather no job than one that waits behind another on its host. */
  readonly ifBusy: 'queue' | 'refuse';
}

export type Accepted =
  | { readonly verdict: 'queued'; readonly jobId: string; readonly start: StartOrder }
  | { readonly verdict: 'waiting'; readonly jobId: string; readonly reason: 'lock' | 'host_offline' }
  /** The idempotency key led to this job before. */
  | { readonly verdict: 'repeated'; readonly jobId: string }
  | { readonly verdict: 'refused'; readonly failure: Failure };

/** Called right behind the statements that write these new jobs: what it asks travels along, and is waited for. */
export type OnWritten = (jobIds: readonly string[]) => Promise<void>;

/**
 * The one way in for jobs, whoever asks. Decides and records in the caller's transaction, in the order of the requests,
 * and answers each. A refused request writes nothing. Hand the starts to the engine after the commit.
 */
export async function acceptJobs(tx: Tx, requests: readonly JobRequest[], onWritten?: OnWritten): Promise<Accepted[]> {
  const read = requests.map((request) => readRequest(tx.registry.kinds, request));
  const asked = read.map((one) => (one instanceof Failure ? {} : one.asked));
  const [, subjects, repeated] = await Promise.all([
    lockOrganization(tx),
    loadSubjects(tx, asked),
    findRepeated(tx, requests),
  ]);
  const answers: (Accepted | null)[] = [];
  const fresh: { at: number; job: NewJob }[] = [];
  for (const [at, request] of requests.entries()) {
    const before = repeated[at];
    const known = read[at]!;
    if (before) answers.push(before);
    else if (known instanceof Failure) answers.push({ verdict: 'refused', failure: known });
    else {
      const jobFacts = { organizationId: tx.orgId, jobId: tx.newId(), subjects: subjects[at]! };
      const refusal = judgeRequest(tx.registry.kinds, known, jobFacts, request.can);
      answers.push(refusal && { verdict: 'refused', failure: refusal });
      if (!refusal) fresh.push({ at, job: newJob(tx, request, known, jobFacts) });
    }
  }
  if (fresh.length > 0) await insertAndGrant(tx, requests, fresh, answers, onWritten);
  return answers as Accepted[];
}

function newJob(tx: Tx, request: JobRequest, read: ReadRequest, facts: JobFacts): NewJob {
  return {
    id: facts.jobId,
    auditId: tx.newId(),
    kind: read.kind.key,
    title: read.kind.sentence(facts),
    facts,
    params: read.params,
    trigger: request.trigger,
    actor: request.actor,
    requestId: request.requestId,
    idempotency: request.idempotency,
    keys: withSite(read.kind.keys(facts), facts.subjects.host),
    queueDeadlineAt: new Date(tx.now.getTime() + read.kind.limits.queueDeadlineMs),
  };
}

async function insertAndGrant(
  tx: Tx,
  requests: readonly JobRequest[],
  fresh: readonly { at: number; job: NewJob }[],
  answers: (Accepted | null)[],
  onWritten: OnWritten | undefined,
): Promise<void> {
  const ready = fresh.filter(({ job }) => job.facts.subjects.host?.online ?? true).map(({ job }) => job.id);
  const [, granted] = await Promise.all([
    insertJobs(tx, fresh.map((f) => f.job)), // biome-ignore format: one line
    tryJobs(tx, ready),
    onWritten?.(fresh.map(({ job }) => job.id)),
  ]);
  for (const { at, job } of fresh) {
    if (granted.has(job.id)) answers[at] = { verdict: 'queued', jobId: job.id, start: startOf(tx.orgId, job) };
    else if (requests[at]!.ifBusy === 'refuse') throw await busy(tx, job, requests[at]!.can);
    else {
      const reason = ready.includes(job.id) ? 'lock' : 'host_offline';
      answers[at] = { verdict: 'waiting', jobId: job.id, reason };
    }
  }
}

const startOf = (orgId: string, job: NewJob): StartOrder => ({
  orgId,
  jobId: job.id,
  runNo: 1,
  kind: job.kind,
  title: job.title,
  siteId: job.facts.subjects.host?.siteId ?? null,
  hostId: job.facts.subjects.host?.id ?? null,
  hostName: job.facts.subjects.host?.name ?? null,
  planId: job.facts.subjects.plan?.id ?? null,
  planName: job.facts.subjects.plan?.name ?? null,
  repositoryId: job.facts.subjects.repository?.id ?? null,
  trigger: job.trigger,
  requestId: job.requestId,
});

/** Thrown, so that the transaction and with it the job that would have waited is undone. */
async function busy(tx: Tx, job: NewJob, can: Can): Promise<Failure> {
  const sees: Sees = (siteId) => can('job:read', siteId);
  const wait = (await loadWaits(tx, [job.id], sees)).get(job.id);
  return new Failure('host-busy', `It would wait: ${wait?.words}.`, {
    fault: 'caller',
    retryable: true,
    extra: wait?.behindJobId ? { jobId: wait.behindJobId } : {},
  });
}

/** Per request: the job that its idempotency key led to before, or the refusal because it came with another body then. */
async function findRepeated(tx: Tx, requests: readonly JobRequest[]): Promise<(Accepted | null)[]> {
  if (requests.every((r) => r.idempotency === null)) return requests.map(() => null);
  const keyed = requests.map((r) => r.idempotency);
  const found = await tx.rows(sql<{ no: string; subject_id: string; same: boolean }>`
    select u.no, i.subject_id, i.body_hash = decode(u.hash, 'hex') as same
      from unnest(${keyed.map((k) => k?.principal ?? null)}::text[], ${keyed.map((k) => k?.route ?? null)}::text[],
                  ${keyed.map((k) => k?.key ?? null)}::text[], ${keyed.map((k) => k?.bodyHash.toString('hex') ?? null)}::text[])
           with ordinality as u(principal, route, key, hash, no)
      join idempotency_key i on i.org_id = ${tx.orgId} and i.principal = u.principal and i.route = u.route and i.key = u.key`);
  const answers: (Accepted | null)[] = requests.map(() => null);
  for (const row of found)
    answers[Number(row.no) - 1] = row.same
      ? { verdict: 'repeated', jobId: row.subject_id }
      : {
          verdict: 'refused',
          failure: new Failure('idempotency-key-reused', 'This Idempotency-Key came with another body before.', {
            fault: 'caller',
          }),
        };
  return answers;
}
