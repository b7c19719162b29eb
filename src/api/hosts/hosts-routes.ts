import { getHost, listHosts } from '../../db/hosts/hosts.ts';
import { canOf, reachOf } from '../../domain/core/authorize.ts';
import { parsePublicId } from '../../lib/ids.ts';
import type { App } from '../core/app-type.ts';
import { etag, notFound, principalOf } from '../core/caller.ts';
import { IdParams, PageOf } from '../core/common-schema.ts';
import { presentPage, readPage } from '../core/cursor.ts';
import type { ApiParts } from '../core/parts.ts';
import { problems } from '../core/problem-schema.ts';
import { Host, HostQuery, presentHost } from './host-schema.ts';

export function hostRoutes(app: App, { database }: ApiParts): void {
  const authz = { permission: 'host:read', scope: 'anywhere' } as const;

  app.get(
    '/hosts',
    {
      config: { authz },
      schema: {
        summary: 'Hosts, newest first',
        querystring: HostQuery,
        response: { 200: PageOf(Host), ...problems(422) },
      },
    },
    async (request) => {
      const principal = principalOf(request);
      const filter = { reach: reachOf(principal, 'host:read'), name: request.query.name ?? null };
      const page = readPage(request.query);
      return presentPage(await database.inOrganization(principal.orgId, (tx) => listHosts(tx, filter, page)), (host) =>
        presentHost(host, canOf(principal)),
      );
    },
  );

  app.get(
    '/hosts/:id',
    {
      config: { authz },
      schema: { summary: 'One host', params: IdParams('host'), response: { 200: Host, ...problems(404) } },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const id = parsePublicId('host', request.params.id)!;
      const host = await database.inOrganization(principal.orgId, (tx) => getHost(tx, id));
      if (!host || !canOf(principal)('host:read', host.siteId)) throw notFound();
      return reply.header('etag', etag(host.version)).send(presentHost(host, canOf(principal)));
    },
  );
}
