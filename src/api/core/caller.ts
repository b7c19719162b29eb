import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { Permission } from '../../catalog/permissions.ts';
import type { KnownKey } from '../../db/access/principal.ts';
import type { IdempotencyKeyUse } from '../../db/jobs/insert-jobs.ts';
import type { Actor } from '../../domain/core/actor.ts';
import { canOf, type Principal } from '../../domain/core/authorize.ts';
import { Failure } from '../../lib/failure.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; set before any handler of a route that is not public. */
    known: KnownKey | null;
  }
}

export function principalOf(request: FastifyRequest): Principal {
  if (!request.known) throw new Error('a route without authz asked for its principal');
  return request.known.principal;
}

/** As it is copied into job and audit rows. */
export function actorOf(principal: Principal): Actor {
  return principal.keyId === null
    ? { kind: 'user', id: principal.userId, label: principal.label }
    : { kind: 'key', id: principal.keyId, label: principal.label };
}

export const notFound = (): Failure =>
  new Failure('not-found', 'There is nothing here that you may see.', { fault: 'caller' });

/** 404 for what the caller may not see, 403 for what it sees but may not do. */
export function demand(principal: Principal, read: Permission, needed: Permission, siteId: string | null): void {
  const can = canOf(principal);
  if (!can(read, siteId)) throw notFound();
  if (!can(needed, siteId))
    throw new Failure('forbidden', `This needs the permission ${needed}.`, {
      fault: 'caller',
      extra: { required: needed },
    });
}

/** The same body in another order of fields is the same body. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

export function idempotencyOf(request: FastifyRequest): IdempotencyKeyUse | null {
  const key = request.headers['idempotency-key'];
  if (typeof key !== 'string') return null;
  const principal = principalOf(request);
  return {
    principal: principal.keyId === null ? `user:${principal.userId}` : `key:${principal.keyId}`,
    route: `${request.method} ${request.routeOptions.url}`,
    key,
    bodyHash: createHash('sha256').update(canonical(request.body)).digest(),
  };
}

/** The version that the caller last saw, from `If-Match`; null when it does not say. */
export function ifMatchOf(request: FastifyRequest): number | null {
  const header = request.headers['if-match'];
  if (header === undefined || header === '*') return null;
  return Number(/\d+/.exec(header)![0]);
}

export const etag = (version: number): string => `"${version}"`;
