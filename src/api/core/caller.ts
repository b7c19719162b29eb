import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import type { Permission } from '../../catalog/permissions.ts';
import type { KnownKey } from '../../db/access/principal.ts';
import type { Opening } from '../../db/core/entities.ts';
import type { IdempotencyKeyUse } from '../../db/core/idempotency.ts';
import type { Scope } from '../../db/core/transaction.ts';
import type { Actor } from '../../domain/core/actor.ts';
import { canOf, type Principal } from '../../domain/core/authorize.ts';
import { Failure } from '../../lib/failure.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; set before any handler of a route that is not public. */
    known: KnownKey | null;
    /** SHA-256 of the body as it was sent; asked for by Idempotency-Key only. */
    bodyHash: Buffer | null;
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

/** For whom a transaction is opened, and in which request. */
export function scopeOf(request: FastifyRequest): Scope {
  const principal = principalOf(request);
  return { orgId: principal.orgId, actor: actorOf(principal), requestId: request.id };
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

export const hashBody = (body: unknown): Buffer =>
  createHash('sha256')
    .update(canonical(body ?? null))
    .digest();

export function idempotencyOf(request: FastifyRequest): IdempotencyKeyUse | null {
  const key = request.headers['idempotency-key'];
  if (typeof key !== 'string') return null;
  const principal = principalOf(request);
  return {
    principal: principal.keyId === null ? `user:${principal.userId}` : `key:${principal.keyId}`,
    route: `${request.method} ${request.routeOptions.url}`,
    key,
    bodyHash: request.bodyHash!,
  };
}

/** The version that the caller last saw, from `If-Match`; null when it does not say. */
export function ifMatchOf(request: FastifyRequest): number | null {
  const header = request.headers['if-match'];
  if (header === undefined || header === '*') return null;
  return Number(/\d+/.exec(header)![0]);
}

/** How a row is opened to be changed: at the version that was seen, by who may do that at its site. */
export function openingOf(request: FastifyRequest, read: Permission, needed: Permission): Opening {
  const principal = principalOf(request);
  return { ifVersion: ifMatchOf(request), demandAt: (siteId) => demand(principal, read, needed, siteId) };
}

export const etag = (version: number): string => `"${version}"`;
