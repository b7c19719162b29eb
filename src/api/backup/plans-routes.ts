import type { FastifyRequest } from 'fastify';
import Type from 'typebox';
import { changePlan, type PlanParts, removePlan } from '../../db/backup/change-plan.ts';
import { createPlan } from '../../db/backup/create-plan.ts';
import { getPlan, listPlans } from '../../db/backup/plans.ts';
import { canOf, reachOf } from '../../domain/core/authorize.ts';
import { Failure } from '../../lib/failure.ts';
import { parsePublicId } from '../../lib/ids.ts';
import type { App } from '../core/app-type.ts';
import { actorOf, demand, etag, idempotencyOf, ifMatchOf, notFound, principalOf } from '../core/caller.ts';
import { IdempotencyHeaders, IdParams, PageOf } from '../core/common-schema.ts';
import { presentPage, readPage } from '../core/cursor.ts';
import type { ApiParts } from '../core/parts.ts';
import { problems } from '../core/problem-schema.ts';
import { ChangedPlan, NewPlan, Plan, PlanQuery, presentPlan } from './plan-schema.ts';

/** 300 texts of 4,096 characters, each escaped as six: what the schema allows is answered with the limit it breaks, not with 413. */
const PLAN_BODY_LIMIT = 8 * 1024 * 1024;

const read = { permission: 'plan:read', scope: 'anywhere' } as const;
const manage = { permission: 'plan:manage', scope: 'anywhere' } as const;

export function planRoutes(app: App, parts: ApiParts): void {
  list(app, parts);
  create(app, parts);
  show(app, parts);
  change(app, parts);
  remove(app, parts);
}

function list(app: App, { database }: ApiParts): void {
  app.get(
    '/plans',
    {
      config: { authz: read },
      schema: {
        summary: 'Plans, newest first',
        querystring: PlanQuery,
        response: { 200: PageOf(Plan), ...problems(422) },
      },
    },
    async (request) => {
      const principal = principalOf(request);
      const { query } = request;
      const filter = {
        reach: reachOf(principal, 'plan:read'),
        hostId: query.hostId === undefined ? null : parsePublicId('host', query.hostId),
        repositoryId: query.repositoryId === undefined ? null : parsePublicId('repository', query.repositoryId),
        name: query.name ?? null,
      };
      const page = readPage(query);
      return presentPage(await database.inOrganization(principal.orgId, (tx) => listPlans(tx, filter, page)), (plan) =>
        presentPlan(plan, canOf(principal)),
      );
    },
  );
}

function create(app: App, { database, clock, random, settings }: ApiParts): void {
  app.post(
    '/plans',
    {
      bodyLimit: PLAN_BODY_LIMIT,
      config: { authz: manage },
      schema: {
        summary: 'Say which folders of a host go into which repository',
        headers: IdempotencyHeaders,
        body: NewPlan,
        response: { 201: Plan, ...problems(409, 413, 415, 422) },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const { orgId } = principal;
      const { body } = request;
      const wanted = {
        name: body.name,
        hostId: parsePublicId('host', body.hostId)!,
        repositoryId: parsePublicId('repository', body.repositoryId)!,
        paths: body.paths,
        excludes: body.excludes ?? [],
        idempotency: idempotencyOf(request),
      };
      const { ownFolders = [] } = settings;
      const parts = {
        actor: actorOf(principal),
        can: canOf(principal),
        requestId: request.id,
        clock,
        random,
        ownFolders,
      };
      const view = await database.inOrganization(orgId, async (tx) => {
        const made = await createPlan(tx, wanted, parts);
        return await getPlan(tx, made.id);
      });
      if (view === null)
        throw new Failure('conflict', 'The plan that this request made before was removed since.', { fault: 'caller' });
      const plan = presentPlan(view, canOf(principal));
      return reply
        .code(201)
        .header('location', `/api/v1/plans/${plan.id}`)
        .header('etag', etag(plan.version))
        .send(plan);
    },
  );
}

function show(app: App, { database }: ApiParts): void {
  app.get(
    '/plans/:id',
    {
      config: { authz: read },
      schema: { summary: 'One plan', params: IdParams('plan'), response: { 200: Plan, ...problems(404) } },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const id = parsePublicId('plan', request.params.id)!;
      const plan = await database.inOrganization(principal.orgId, (tx) => getPlan(tx, id));
      if (!plan || !canOf(principal)('plan:read', plan.host.siteId)) throw notFound();
      return reply.header('etag', etag(plan.version)).send(presentPlan(plan, canOf(principal)));
    },
  );
}

/** Who changes what there is, at which version, and the question whether they may. */
function changeParts(request: FastifyRequest, { clock, random, settings }: ApiParts): PlanParts {
  const principal = principalOf(request);
  return {
    actor: actorOf(principal),
    requestId: request.id,
    clock,
    random,
    ifVersion: ifMatchOf(request),
    ownFolders: settings.ownFolders ?? [],
    demandAt: (siteId) => demand(principal, 'plan:read', 'plan:manage', siteId),
  };
}

function change(app: App, parts: ApiParts): void {
  app.patch(
    '/plans/:id',
    {
      bodyLimit: PLAN_BODY_LIMIT,
      config: { authz: manage },
      schema: {
        summary: 'Change the name, the paths or the excludes of a plan',
        description: 'A backup that runs goes on with what it began with; one that waits takes the plan as it is then.',
        params: IdParams('plan'),
        body: ChangedPlan,
        response: { 200: Plan, ...problems(404, 409, 412, 413, 415, 422) },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const { orgId } = principal;
      const id = parsePublicId('plan', request.params.id)!;
      const view = await parts.database.inOrganization(orgId, async (tx) => {
        await changePlan(tx, id, request.body, changeParts(request, parts));
        return await getPlan(tx, id);
      });
      return reply.header('etag', etag(view!.version)).send(presentPlan(view!, canOf(principal)));
    },
  );
}

function remove(app: App, parts: ApiParts): void {
  app.delete(
    '/plans/:id',
    {
      config: { authz: manage },
      schema: {
        summary: 'Remove a plan',
        description:
          'Refused while a job of it has not ended. Its jobs, their logs and the audit stay, and so do its snapshots in the repository.',
        params: IdParams('plan'),
        response: { 204: Type.Null(), ...problems(404, 409, 412, 413, 415) },
      },
    },
    async (request, reply) => {
      const { orgId } = principalOf(request);
      const id = parsePublicId('plan', request.params.id)!;
      await parts.database.inOrganization(orgId, (tx) => removePlan(tx, id, changeParts(request, parts)));
      return reply.code(204).send(null);
    },
  );
}
