import type { FastifyInstance } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import { isStorable } from '../../../domain/core/plain-text.ts';
import { Failure } from '../../../lib/failure.ts';
import { parsePublicId, publicIdNoun } from '../../../lib/ids.ts';
import { type FieldError, inputErrors, step } from '../../../lib/input-errors.ts';
import { hashBody } from '../caller.ts';
import { Closed, EditHeaders } from '../common-schema.ts';

/** A part of a request that does not fit its schema. */
export class InputError extends Error {
  readonly part: string;
  readonly errors: readonly FieldError[];

  constructor(part: string, errors: readonly FieldError[]) {
    super(`${part} does not fit its schema`);
    this.part = part;
    this.errors = errors;
  }
}

/** One hostile body must not become a long answer. TypeBox itself stops at eight. */
const MAX_ERRORS = 20;

/**
 * Checks requests with TypeBox. Bodies are taken as they are: nothing is turned into another type and no field is
 * dropped. Only query strings, where everything is text, are read as what the schema declares. A route that declares no
 * query takes none.
 */
export function installValidation(app: FastifyInstance): void {
  app.addHook('onRoute', (route) => {
    // Pages and health checks may be asked with what browsers and balancers add.
    if (!route.config?.authz || !route.schema) return;
    const isEdit = ['PATCH', 'PUT', 'DELETE'].includes([route.method].flat()[0]!);
    route.schema = { querystring: Closed({}), ...(isEdit ? { headers: EditHeaders } : {}), ...route.schema };
  });
  app.setValidatorCompiler(({ schema, httpPart = 'body' }) => {
    const check = Compile(schema as TSchema);
    const readIds = idReader(schema as TSchema);
    return (data: unknown) => {
      const value = httpPart === 'querystring' ? readQuery(schema as QuerySchema, data as Query) : (data ?? null);
      if (check.Check(value)) return { value: readIds === null ? value : readIds(value) };
      const errors = inputErrors(schema, check.Errors(value)).slice(0, MAX_ERRORS);
      const named = httpPart === 'body' ? errors : errors.map((e) => ({ ...e, pointer: e.pointer.slice(1) }));
      return { error: new InputError(httpPart, named) };
    };
  });
  app.decorateRequest('bodyHash', null);
  app.addHook('preValidation', async (request) => {
    // Before ids in it are read: what was sent is what has to be the same.
    if (request.headers['idempotency-key'] !== undefined) request.bodyHash = hashBody(request.body);
    if (!isDecodable(request.url.split('?')[1] ?? ''))
      throw new Failure('bad-request', 'The query holds a "%" that starts no character of UTF-8.', { fault: 'caller' });
    refuseUnstorable(request.body, 'body');
    // What is public stores nothing.
    if (request.routeOptions.config.authz) refuseUnstorable(request.query, 'querystring');
  });
}

/**
 * Public ids are turned into uuids here, once, in parameters, queries and bodies: a handler never sees one. Null: the schema
 * holds none.
 */
function idReader(schema: TSchema): ((value: unknown) => unknown) | null {
  const { pattern, properties = {} } = schema as { pattern?: string; properties?: Record<string, TSchema> };
  const noun = pattern === undefined ? null : publicIdNoun(pattern);
  if (noun !== null) return (value) => parsePublicId(noun, value as string);
  const inner = Object.entries(properties).flatMap(([name, of]) => {
    const read = idReader(of);
    return read === null ? [] : [[name, read] as const];
  });
  if (inner.length === 0) return null;
  return (value) => {
    const record = value as Record<string, unknown>;
    for (const [name, read] of inner) if (record[name] !== undefined) record[name] = read(record[name]);
    return record;
  };
}

function refuseUnstorable(value: unknown, part: 'body' | 'querystring'): void {
  const found = findUnstorable(value, '');
  if (found === undefined) return;
  const pointer = part === 'body' ? found : found.slice(1) || 'query';
  throw new InputError(part, [{ pointer, message: 'holds a NUL or half a character', code: 'unstorable' }]);
}

/** The framework takes what it cannot decode as it stands, and would look for something that nobody meant. */
function isDecodable(query: string): boolean {
  try {
    decodeURIComponent(query);
    return true;
  } catch {
    return false;
  }
}

type Query = Readonly<Record<string, unknown>>;
interface QuerySchema {
  readonly properties?: Readonly<Record<string, { readonly type?: string }>>;
}

/**
 * Numbers and lists of a query string. Only what is written as a whole number is one: TypeBox's own conversion took 1.5, true
 * and 0x5 for numbers too.
 */
function readQuery({ properties = {} }: QuerySchema, query: Query): Query {
  const read = (name: string, value: unknown): unknown => {
    const type = Object.hasOwn(properties, name) ? properties[name]!.type : undefined;
    if (type === 'array' && !Array.isArray(value)) return [value];
    return type === 'integer' && typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value;
  };
  return Object.fromEntries(Object.entries(query).map(([name, value]) => [name, read(name, value)]));
}

/** The place of a text that PostgreSQL cannot store; it would refuse the statement, which looks like our fault. */
function findUnstorable(value: unknown, pointer: string): string | undefined {
  if (typeof value === 'string') return isStorable(value) ? undefined : pointer;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [name, inner] of Object.entries(value)) {
    const here = pointer + step(name);
    const found = isStorable(name) ? findUnstorable(inner, here) : pointer;
    if (found !== undefined) return found;
  }
  return undefined;
}
