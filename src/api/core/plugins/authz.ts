import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify';
import type { Permission } from '../../../catalog/permissions.ts';
import { API_KEY, findKey } from '../../../db/access/principal.ts';
import { authorize, canAnywhere, refuseEntry } from '../../../domain/core/authorize.ts';
import { Failure } from '../../../lib/failure.ts';
import type { ApiParts } from '../parts.ts';

/** What a route asks for before its handler runs. */
export interface RouteAuthz {
  /** `authenticated`: whoever has a valid credential. */
  readonly permission: Permission | 'authenticated';
  /** `anywhere`: holding it at one site is enough, and the handler asks again at the site of what it finds. */
  readonly scope?: 'organization' | 'anywhere';
}

declare module 'fastify' {
  interface FastifyContextConfig {
    authz?: RouteAuthz;
    public?: true;
  }
}

const unauthenticated = () =>
  new Failure('unauthenticated', 'There is no valid credential in this request.', { fault: 'caller' });

/** A server with an engine that nobody thought about does not start. */
function refuseUndeclared(routes: readonly RouteOptions[]): void {
  const name = (route: RouteOptions) => `${[route.method].flat().join(',')} ${route.url}`;
  const open = routes.filter((r) => (r.config?.authz === undefined) === (r.config?.public !== true));
  if (open.length > 0)
    throw new Error(
      `These routes declare neither or both of config.authz and config.public: ${open.map(name).join('; ')}`,
    );
  const loose = routes.filter((r) => !r.schema?.hide && !r.schema?.response);
  if (loose.length > 0)
    throw new Error(
      `These routes have no response schema, so anything could leave by them: ${loose.map(name).join('; ')}`,
    );
}

/** The key of the request, or a refusal that does not say which part was wrong. */
function keyOf(request: FastifyRequest): string {
  const found = /^bearer ([^\s]+)$/i.exec(request.headers.authorization ?? '');
  if (!found || !API_KEY.test(found[1]!)) throw unauthenticated();
  return found[1]!;
}

export function installAuthz(app: FastifyInstance, parts: ApiParts): void {
  const routes: RouteOptions[] = [];
  app.addHook('onRoute', (route) => {
    routes.push(route);
  });
  app.addHook('onReady', async () => refuseUndeclared(routes));
  app.decorateRequest('known', null);
  app.addHook('onRequest', async (request) => {
    const { config } = request.routeOptions;
    if (request.is404 || config.public) return;
    const known = await findKey(parts.authDb, keyOf(request), parts.clock.now());
    const refused = known === null ? 'unknown-key' : refuseEntry(known.principal);
    if (known === null || refused) {
      request.log.info({ reason: refused, keyId: known?.principal.keyId ?? null }, 'credential refused');
      throw unauthenticated();
    }
    request.known = known;
    const { authz } = config;
    if (!authz) throw new Error('a route without authz was reached');
    if (authz.permission === 'authenticated') return;
    const allowed =
      authz.scope === 'anywhere'
        ? canAnywhere(known.principal, authz.permission)
        : authorize(known.principal, authz.permission, null).allowed;
    if (allowed) return;
    throw new Failure('forbidden', `This needs the permission ${authz.permission}.`, {
      fault: 'caller',
      extra: { required: authz.permission },
    });
  });
}
