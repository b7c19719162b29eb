import { getPlan, listPlans } from '../../db/queries/plans.ts';
import { createPlan } from '../../db/writes/create-plan.ts';
import { mayOf, reachOf } from '../../domain/decide.ts';
import { parsePublicId } from '../../lib/ids.ts';
import type { App } from '../app.ts';
import { actorOf, etag, idempotencyOf, notFound, principalOf } from '../caller.ts';
import { presentPage, readPage } from '../cursor.ts';
import type { ApiParts } from '../parts.ts';
import { IdempotencyHeaders, IdParams, PageOf } from '../schemas/common.ts';
import { NewPlan, Plan, PlanQuery, presentPlan } from '../schemas/plan.ts';
import { problems } from '../schemas/problem.ts';

const read = { permission: 'plan:read', scope: 'anywhere' } as const;

export function planRoutes(app: App, parts: ApiParts): void {
  list(app, parts);
  create(app, parts);
  show(app, parts);
}

function list(app: App, { doors }: ApiParts): void {
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
      return presentPage(
        await doors.inOrg(principal.orgId, (tx) => listPlans(tx, principal.orgId, filter, page)),
        (plan) => presentPlan(plan, mayOf(principal)),
      );
    },
  );
}

function create(app: App, { doors, clock, random }: ApiParts): void {
  app.post(
    '/plans',
    {
      config: { authz: { permission: 'plan:manage', scope: 'anywhere' } },
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
      const parts = { actor: actorOf(principal), may: mayOf(principal), requestId: request.id, clock, random };
      const view = await doors.inOrg(orgId, async (tx) => {
        const made = await createPlan(tx, orgId, wanted, parts);
        return await getPlan(tx, orgId, made.id);
      });
      const plan = presentPlan(view!, mayOf(principal));
      return reply
        .code(201)
        .header('location', `/api/v1/plans/${plan.id}`)
        .header('etag', etag(plan.version))
        .send(plan);
    },
  );
}

function show(app: App, { doors }: ApiParts): void {
  app.get(
    '/plans/:id',
    {
      config: { authz: read },
      schema: { summary: 'One plan', params: IdParams('plan'), response: { 200: Plan, ...problems(404) } },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const id = parsePublicId('plan', request.params.id)!;
      const plan = await doors.inOrg(principal.orgId, (tx) => getPlan(tx, principal.orgId, id));
      if (!plan || !mayOf(principal)('plan:read', plan.host.siteId)) throw notFound();
      return reply.header('etag', etag(plan.version)).send(presentPlan(plan, mayOf(principal)));
    },
  );
}
