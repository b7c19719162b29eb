import type { FastifyReply, FastifyRequest } from 'fastify';
import Type, { type Static, type TSchema } from 'typebox';
import type { Permission } from '../../catalog/permissions.ts';
import { type EntityRead, findEntity, listEntities, siteOf } from '../../db/core/entities.ts';
import type { Can } from '../../domain/core/actor.ts';
import { canOf, reachOf } from '../../domain/core/authorize.ts';
import { type IdNoun, publicId } from '../../lib/ids.ts';
import type { App } from './app-type.ts';
import { etag, notFound, principalOf, scopeOf } from './caller.ts';
import { Closed, IdParams, PAGE_QUERY, PageOf } from './common-schema.ts';
import { presentPage, readPage } from './cursor.ts';
import type { ApiParts } from './parts.ts';
import { presenterOf } from './presenter.ts';
import { problems } from './problem-schema.ts';

export interface Row {
  readonly id: string;
  readonly version: number;
}

/** A query parameter of a list, and the property that has to equal it, as `host.id`. */
export interface Filter {
  readonly schema: TSchema;
  readonly equals: string;
}

/** What is shown and is no property of the row. */
type Computed<Of, Shown> = {
  readonly [Name in Exclude<keyof Shown, keyof Of>]: (row: Of, can: Can) => Shown[Name];
};

/** All that a list and a page of one thing follow from. What creates, changes and removes stays code of its own. */
export interface Noun<Of extends Row, Shape extends TSchema> {
  readonly noun: IdNoun;
  /** Below `/api/v1`, as `/sites`. */
  readonly path: string;
  readonly rows: EntityRead<Of>;
  /** Who may see it: at its site where it has one, else in the organisation. */
  readonly permission: Permission;
  readonly filters: Readonly<Record<string, Filter>>;
  readonly summaries: { readonly list: string; readonly show: string };
  /** True: no document speaks of it, because it does not do yet what its name promises. */
  readonly hide?: true;
  /** What people get of it. What has the name of a property of the row is that property. */
  readonly shape: Shape;
  readonly computed: Computed<Of, Static<Shape>>;
}

/** Any noun, to those who go over all of them. */
// biome-ignore lint/suspicious/noExplicitAny: each has a row and a shape of its own, and no word for all of them
export type AnyNoun = DefinedNoun<any, any>;

export interface DefinedNoun<Of extends Row, Shape extends TSchema> extends Noun<Of, Shape> {
  present(row: Of, can: Can): Static<Shape>;
}

export function defineNoun<Of extends Row, Shape extends TSchema>(noun: Noun<Of, Shape>): DefinedNoun<Of, Shape> {
  const present = presenterOf(noun.shape);
  const computed = Object.entries(noun.computed) as [string, (row: Of, can: Can) => unknown][];
  return {
    ...noun,
    present: (row, can) => {
      const values = Object.fromEntries(computed.map(([name, compute]) => [name, compute(row, can)]));
      return present({ ...row, ...values }) as Static<Shape>;
    },
  };
}

export const byName: Filter = {
  schema: Type.Optional(Type.String({ maxLength: 255, description: 'Exactly this name.' })),
  equals: 'name',
};

/** `GET /sites` and `GET /sites/:id`. */
export function readRoutes(app: App, { database }: ApiParts, noun: AnyNoun): void {
  const { path, permission, rows, summaries, shape, filters, hide = false } = noun;
  const authz = rows.site === null ? { permission } : ({ permission, scope: 'anywhere' } as const);
  const parameters = Object.fromEntries(Object.entries(filters).map(([name, { schema }]) => [name, schema]));
  const querystring = Closed({ ...PAGE_QUERY, ...parameters });
  app.get(
    path,
    {
      config: { authz },
      schema: { hide, summary: summaries.list, querystring, response: { 200: PageOf(shape), ...problems(422) } },
    },
    async (request) => {
      const principal = principalOf(request);
      const query = request.query as Readonly<Record<string, unknown>>;
      const asked = Object.entries(filters).filter(([name]) => query[name] !== undefined);
      const equal = Object.fromEntries(asked.map(([name, { equals }]) => [equals, query[name]]));
      const which = { reach: reachOf(principal, permission), equal };
      const page = readPage(query);
      const found = await database.inOrganization(scopeOf(request), (tx) => listEntities(tx, rows, which, page));
      return presentPage(found, (row) => noun.present(row, canOf(principal)));
    },
  );
  app.get(
    `${path}/:id`,
    {
      config: { authz },
      schema: {
        hide,
        summary: summaries.show,
        params: IdParams(noun.noun),
        response: { 200: shape, ...problems(404) },
      },
    },
    async (request, reply) => {
      const can = canOf(principalOf(request));
      const row = await database.inOrganization(scopeOf(request), (tx) => findEntity(tx, rows, request.params.id));
      if (!row || !can(permission, siteOf(row, rows))) throw notFound();
      return shown(request, reply, noun, row);
    },
  );
}

/** One thing, with its version as `ETag`. */
export function shown<Of extends Row, Shape extends TSchema>(
  request: FastifyRequest,
  reply: FastifyReply,
  noun: DefinedNoun<Of, Shape>,
  row: Of,
): Static<Shape> {
  reply.header('etag', etag(row.version));
  return noun.present(row, canOf(principalOf(request)));
}

/** The same of what was made by this request, with its address. */
export function made<Of extends Row, Shape extends TSchema>(
  request: FastifyRequest,
  reply: FastifyReply,
  noun: DefinedNoun<Of, Shape>,
  row: Of,
): Static<Shape> {
  reply.code(201).header('location', `/api/v1${noun.path}/${publicId(noun.noun, row.id)}`);
  return shown(request, reply, noun, row);
}
