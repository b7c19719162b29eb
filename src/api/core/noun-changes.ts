import type { FastifyRequest } from 'fastify';
import Type, { type Static, type TSchema } from 'typebox';
import type { Permission } from '../../catalog/permissions.ts';
import type { Opening } from '../../db/core/entities.ts';
import type { IdempotencyKeyUse } from '../../db/core/idempotency.ts';
import type { Tx } from '../../db/core/transaction.ts';
import type { Can } from '../../domain/core/actor.ts';
import { canOf } from '../../domain/core/authorize.ts';
import { idempotencyOf, openingOf, principalOf, scopeOf } from './caller.ts';
import { IdempotencyHeaders, IdParams } from './common-schema.ts';
import { type DefinedNoun, made, type Row, shown } from './noun.ts';
import type { Routes } from './parts.ts';
import { problems } from './problem-schema.ts';

/** Who makes something: its Idempotency-Key, and what the caller may do. */
export interface Making {
  readonly use: IdempotencyKeyUse | null;
  readonly can: Can;
}

interface Words {
  readonly summary: string;
  readonly description?: string;
}

/** What makes, changes and removes one: plain functions, each a transaction that decides; here is only how they are asked. */
export interface Changes<Of extends Row, New extends TSchema, Changed extends TSchema> {
  /** Who may: in the organisation, or at the site of the row where it has one. */
  readonly permission: Permission;
  readonly bodyLimit?: number;
  readonly create?: Words & { readonly body: New; run(tx: Tx, body: Static<New>, making: Making): Promise<Of> };
  readonly change?: Words & {
    readonly body: Changed;
    run(tx: Tx, id: string, body: Static<Changed>, opening: Opening): Promise<Of>;
  };
  readonly remove?: Words & { run(tx: Tx, id: string, opening: Opening): Promise<void> };
}

/** `POST /plans`, `PATCH /plans/:id` and `DELETE /plans/:id`, those of them that there are. */
export function changesOf<Of extends Row, Shape extends TSchema, New extends TSchema, Changed extends TSchema>(
  noun: DefinedNoun<Of, Shape>,
  changes: Changes<Of, New, Changed>,
): Routes {
  const { permission, bodyLimit, create, change, remove } = changes;
  const { path, hide = false } = noun;
  const shape: TSchema = noun.shape;
  // Holding it at one site is enough to come in; the functions ask again at the site of what they find.
  const authz = noun.rows.site === null ? { permission } : ({ permission, scope: 'anywhere' } as const);
  const options = { config: { authz }, ...(bodyLimit && { bodyLimit }) };
  const params = IdParams(noun.noun);
  const openingFor = (request: FastifyRequest) => openingOf(request, noun.permission, permission);
  return async (app, { database }) => {
    if (create) {
      const { run, body, ...words } = create;
      const response = { 201: shape, ...problems(409, 413, 415, 422) };
      const schema = { hide, ...words, headers: IdempotencyHeaders, body, response };
      app.post(path, { ...options, schema }, async (request, reply) => {
        const making = { use: idempotencyOf(request), can: canOf(principalOf(request)) };
        const work = (tx: Tx) => run(tx, request.body as Static<New>, making);
        return made(request, reply, noun, await database.inOrganization(scopeOf(request), work));
      });
    }
    if (change) {
      const { run, body, ...words } = change;
      const response = { 200: shape, ...problems(404, 409, 412, 413, 415, 422) };
      app.patch(
        `${path}/:id`,
        { ...options, schema: { hide, ...words, params, body, response } },
        async (request, reply) => {
          const work = (tx: Tx) => run(tx, request.params.id, request.body as Static<Changed>, openingFor(request));
          return shown(request, reply, noun, await database.inOrganization(scopeOf(request), work));
        },
      );
    }
    if (remove) {
      const { run, ...words } = remove;
      const response = { 204: Type.Null(), ...problems(404, 409, 412, 413, 415) };
      app.delete(
        `${path}/:id`,
        { config: { authz }, schema: { hide, ...words, params, response } },
        async (request, reply) => {
          await database.inOrganization(scopeOf(request), (tx) => run(tx, request.params.id, openingFor(request)));
          return reply.code(204).send(null);
        },
      );
    }
  };
}
