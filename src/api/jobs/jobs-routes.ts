import Type from 'typebox';
import { acceptJobs, type JobRequest } from '../../db/jobs/accept-jobs.ts';
import type { Sees } from '../../db/jobs/job-waits.ts';
import { getJob, type JobView, listJobs } from '../../db/jobs/jobs.ts';
import { requestCancel } from '../../db/jobs/request-cancel.ts';
import type { Can } from '../../domain/core/actor.ts';
import { canOf, type Principal, reachOf } from '../../domain/core/authorize.ts';
import { Failure } from '../../lib/failure.ts';
import type { App } from '../core/app-type.ts';
import { actorOf, demand, etag, idempotencyOf, notFound, principalOf } from '../core/caller.ts';
import { Closed, IdempotencyHeaders, IdParams, Nullable, PageOf } from '../core/common-schema.ts';
import { presentPage, readPage } from '../core/cursor.ts';
import type { ApiParts, Routes } from '../core/parts.ts';
import { problems } from '../core/problem-schema.ts';
import { Job, JobQuery, presentJob, StartJob } from './job-schema.ts';

const CancelJob = Nullable(
  Closed({
    reason: Type.Optional(Type.String({ maxLength: 500, description: 'Why; shown with the job and in the audit.' })),
  }),
);
/** The body may be left out, and is null then. */
const read = { permission: 'job:read', scope: 'anywhere' } as const;

/** Whose jobs may be named to him when one that he sees waits behind them. */
const seesOf =
  (principal: Principal): Sees =>
  (siteId) =>
    canOf(principal)('job:read', siteId);

/** Starting asks for `job:start` at the target beside the permission of the kind. */
const canStart =
  (can: Can): Can =>
  (permission, siteId) =>
    can(permission, siteId) && (permission.endsWith(':read') || can('job:start', siteId));

export const jobRoutes: Routes = async (app, parts) => {
  list(app, parts);
  start(app, parts);
  show(app, parts);
  cancel(app, parts);
};

function list(app: App, { database }: ApiParts): void {
  app.get(
    '/jobs',
    {
      config: { authz: read },
      schema: {
        summary: 'Jobs, newest first',
        querystring: JobQuery,
        response: { 200: PageOf(Job), ...problems(422) },
      },
    },
    async (request) => {
      const principal = principalOf(request);
      const { query } = request;
      const filter = {
        reach: reachOf(principal, 'job:read'),
        kind: query.kind ?? null,
        states: [...new Set(query.state ?? [])],
        hostId: query.hostId ?? null,
        planId: query.planId ?? null,
      };
      const page = readPage(query);
      return presentPage(await database.inOrganization(principal.orgId, (tx) => listJobs(tx, filter, page)), (job) =>
        presentJob(job, canOf(principal)),
      );
    },
  );
}

function start(app: App, { database, engine }: ApiParts): void {
  app.post(
    '/jobs',
    {
      config: { authz: { permission: 'job:start', scope: 'anywhere' } },
      schema: {
        summary: 'Start a job',
        description: 'Answers at once: the job is queued, or waits and says for whom.',
        headers: IdempotencyHeaders,
        body: StartJob,
        response: { 202: Job, ...problems(409, 413, 415, 422) },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const { orgId } = principal;
      const { kind, target, params = {}, ifBusy = 'queue' } = request.body;
      const hostId = target?.hostId ?? null;
      const wanted: JobRequest = {
        kind,
        params,
        hostId,
        trigger: principal.kind === 'key' ? 'key' : 'person',
        actor: actorOf(principal),
        can: canStart(canOf(principal)),
        requestId: request.id,
        idempotency: idempotencyOf(request),
        ifBusy,
      };
      const sees = seesOf(principal);
      const { answer, view } = await database.inOrganization(orgId, async (tx) => {
        let fresh: JobView | null = null;
        const onWritten = async ([id]: readonly string[]) => {
          fresh = await getJob(tx, id!, sees);
        };
        const [answer] = await acceptJobs(tx, [wanted], onWritten);
        if (answer!.verdict === 'refused') throw answer!.failure;
        return { answer: answer!, view: fresh ?? (await getJob(tx, answer!.jobId, sees)) };
      });
      // Not waited for: what Temporal says changes nothing about the job being accepted.
      if (answer.verdict === 'queued') void engine.startRuns([answer.start]);
      const job = presentJob(view!, canOf(principal));
      return reply.code(202).header('location', `/api/v1/jobs/${job.id}`).header('etag', etag(job.version)).send(job);
    },
  );
}

function show(app: App, { database }: ApiParts): void {
  app.get(
    '/jobs/:id',
    {
      config: { authz: read },
      schema: { summary: 'One job', params: IdParams('job'), response: { 200: Job, ...problems(404) } },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const { id } = request.params;
      const job = await database.inOrganization(principal.orgId, (tx) => getJob(tx, id, seesOf(principal)));
      if (!job || !canOf(principal)('job:read', job.site_id)) throw notFound();
      return reply.header('etag', etag(job.version)).send(presentJob(job, canOf(principal)));
    },
  );
}

function cancel(app: App, { database, engine }: ApiParts): void {
  app.post(
    '/jobs/:id/cancel',
    {
      config: { authz: read },
      schema: {
        summary: 'Cancel a job',
        description: 'A waiting job ends at once; a running one is told, and ends when its process is gone.',
        params: IdParams('job'),
        body: CancelJob,
        response: { 202: Job, ...problems(404, 409, 413, 415, 422) },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const { id } = request.params;
      const scope = { orgId: principal.orgId, actor: actorOf(principal), requestId: request.id };
      const { answer, view } = await database.inOrganization(scope, async (tx) => {
        const seen = await getJob(tx, id);
        if (!seen) throw notFound();
        demand(principal, 'job:read', 'job:cancel', seen.site_id);
        const answer = await requestCancel(tx, id, request.body?.reason ?? null);
        if (answer instanceof Failure) throw answer;
        return { answer, view: await getJob(tx, id, seesOf(principal)) };
      });
      if (answer.starts.length > 0) void engine.startRuns(answer.starts);
      if (answer.tell) void engine.tellCancel(answer.tell.jobId, answer.tell.runNo);
      return reply
        .code(202)
        .header('etag', etag(view!.version))
        .send(presentJob(view!, canOf(principal)));
    },
  );
}
