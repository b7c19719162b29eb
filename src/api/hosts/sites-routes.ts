import { getSite, listSites } from '../../db/hosts/sites.ts';
import { changeSite } from '../../db/jobs/change-cap.ts';
import { canOf, reachOf } from '../../domain/core/authorize.ts';
import { parsePublicId } from '../../lib/ids.ts';
import type { App } from '../core/app-type.ts';
import { actorOf, etag, ifMatchOf, notFound, principalOf } from '../core/caller.ts';
import { IdParams, PageOf } from '../core/common-schema.ts';
import { presentPage, readPage } from '../core/cursor.ts';
import type { ApiParts } from '../core/parts.ts';
import { problems } from '../core/problem-schema.ts';
import { ChangedSite, presentSite, Site, SiteQuery } from './site-schema.ts';

const read = { permission: 'site:read', scope: 'anywhere' } as const;

export function siteRoutes(app: App, parts: ApiParts): void {
  list(app, parts);
  show(app, parts);
  change(app, parts);
}

function list(app: App, { database }: ApiParts): void {
  app.get(
    '/sites',
    {
      config: { authz: read },
      schema: {
        summary: 'Sites, newest first',
        querystring: SiteQuery,
        response: { 200: PageOf(Site), ...problems(422) },
      },
    },
    async (request) => {
      const principal = principalOf(request);
      const { orgId } = principal;
      const filter = { reach: reachOf(principal, 'site:read'), name: request.query.name ?? null };
      const page = readPage(request.query);
      return presentPage(await database.inOrganization(orgId, (tx) => listSites(tx, filter, page)), presentSite);
    },
  );
}

function show(app: App, { database }: ApiParts): void {
  app.get(
    '/sites/:id',
    {
      config: { authz: read },
      schema: { summary: 'One site', params: IdParams('site'), response: { 200: Site, ...problems(404) } },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const id = parsePublicId('site', request.params.id)!;
      const site = await database.inOrganization(principal.orgId, (tx) => getSite(tx, id));
      if (!site || !canOf(principal)('site:read', site.id)) throw notFound();
      return reply.header('etag', etag(site.version)).send(presentSite(site));
    },
  );
}

function change(app: App, { database, engine, clock, random }: ApiParts): void {
  app.patch(
    '/sites/:id',
    {
      config: { authz: { permission: 'site:manage' } },
      schema: {
        summary: 'Change how many jobs run at a site at once',
        description:
          'With more, jobs that wait start at once. With fewer, those that run go on, and none starts until it is below.',
        params: IdParams('site'),
        body: ChangedSite,
        response: { 200: Site, ...problems(404, 412, 413, 415, 422) },
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const { orgId } = principal;
      const id = parsePublicId('site', request.params.id)!;
      const parts = { actor: actorOf(principal), requestId: request.id, clock, random, claim: engine.newClaim() };
      const cap = { maxJobs: request.body.maxJobs, ifVersion: ifMatchOf(request) };
      const { starts, view } = await database.inOrganization(orgId, async (tx) => {
        const starts = await changeSite(tx, id, cap, parts);
        return { starts, view: await getSite(tx, id) };
      });
      if (starts.length > 0) void engine.startRuns(starts);
      return reply.header('etag', etag(view!.version)).send(presentSite(view!));
    },
  );
}
