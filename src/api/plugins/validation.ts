import type { FastifyInstance } from 'fastify';
import type { TSchema } from 'typebox';
import { Compile } from 'typebox/compile';
import type { TLocalizedValidationError } from 'typebox/error';
import Value from 'typebox/value';
import { isStorable } from '../../domain/plain-text.ts';
import type { FieldError } from '../problem.ts';

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

/** A step of a JSON pointer; names come from the caller, so they are cut. */
const step = (name: string): string => `/${name.slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1')}`;

function fieldErrorsOf(error: TLocalizedValidationError): FieldError[] {
  const { instancePath: path, keyword, message } = error;
  if (keyword === 'required')
    return error.params.requiredProperties.map((name) => ({
      pointer: path + step(name),
      message: 'is required',
      code: 'required',
    }));
  if (keyword === 'additionalProperties')
    return error.params.additionalProperties.map((name) => ({
      pointer: path + step(name),
      message: 'is not a known field',
      code: 'unknown-field',
    }));
  // What `additionalProperties: false` says of the same field a second time.
  if (keyword === 'boolean') return [];
  return [{ pointer: path.slice(0, 400), message, code: keyword }];
}

/**
 * Checks requests with TypeBox. Bodies are taken as they are: nothing is turned into another type and no field is
 * dropped. Only query strings, where everything is text, are converted to what the schema declares.
 */
export function installValidation(app: FastifyInstance): void {
  app.setValidatorCompiler(({ schema, httpPart = 'body' }) => {
    const check = Compile(schema as TSchema);
    return (data: unknown) => {
      const value = httpPart === 'querystring' ? Value.Convert(schema as TSchema, data) : (data ?? null);
      if (check.Check(value)) return { value };
      const errors = check.Errors(value).flatMap(fieldErrorsOf).slice(0, MAX_ERRORS);
      const named = httpPart === 'body' ? errors : errors.map((e) => ({ ...e, pointer: e.pointer.slice(1) }));
      return { error: new InputError(httpPart, named) };
    };
  });
  app.addHook('preValidation', async (request) => {
    const body = findUnstorable(request.body, '');
    const bad = body ?? findUnstorable(request.query, '')?.slice(1);
    if (bad !== undefined)
      throw new InputError('body', [{ pointer: bad, message: 'holds a NUL or half a character', code: 'unstorable' }]);
  });
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
