import type { TLocalizedValidationError } from 'typebox/error';

/** One thing that is wrong with an input: where, and what would be right. */
export interface FieldError {
  readonly pointer: string;
  readonly message: string;
  readonly code: string;
}

/** The parts of JSON Schema that our schemas use. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, unknown>>;
}

/** A step of a JSON pointer; names come from the caller, so they are cut. */
export const step = (name: string): string => `/${name.slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1')}`;

/** What TypeBox found, in words that say what is allowed. `root` is the schema that it looked with. */
export function inputErrors(root: unknown, found: readonly TLocalizedValidationError[]): FieldError[] {
  const plain = found.filter(({ keyword, params }) => {
    // `boolean` says of an unknown field a second time what `additionalProperties` said; "or null" says itself.
    if (keyword === 'boolean') return false;
    return keyword !== 'type' || found.length === 1 || (params as { type?: unknown }).type !== 'null';
  });
  const rest = plain.filter(({ keyword }) => keyword !== 'anyOf');
  return (rest.length > 0 ? rest : plain).flatMap((error) => fieldErrorsOf(root, error));
}

function fieldErrorsOf(root: unknown, error: TLocalizedValidationError): FieldError[] {
  const { instancePath: path, keyword } = error;
  const schema = schemaAt(root, error.schemaPath);
  if (keyword === 'required')
    return error.params.requiredProperties.map((name) => ({
      pointer: path + step(name),
      message: 'is required',
      code: 'required',
    }));
  if (keyword === 'additionalProperties')
    return error.params.additionalProperties.map((name) => ({
      pointer: path + step(name),
      message: `is not a known field; ${sayKnown(schema)}`,
      code: 'unknown-field',
    }));
  return [{ pointer: path.slice(0, 400), message: sayAllowed(schema, error), code: keyword }];
}

function schemaAt(root: unknown, path: string): Schema {
  let here: unknown = root;
  for (const name of path.split('/').slice(1))
    here = (here as Record<string, unknown> | undefined)?.[name.replaceAll('~1', '/').replaceAll('~0', '~')];
  return (here ?? {}) as Schema;
}

function sayKnown({ properties = {} }: Schema): string {
  const names = Object.keys(properties);
  return names.length === 0 ? 'none is taken here' : `known are ${names.join(', ')}`;
}

function sayAllowed(schema: Schema, error: TLocalizedValidationError): string {
  switch (error.keyword) {
    case 'type':
    case 'minimum':
    case 'maximum':
      return `must be ${[schema.type ?? []]
        .flat()
        .map((type) => sayType(type, schema))
        .join(' or ')}`;
    case 'enum':
      return `must be one of ${error.params.allowedValues.join(', ')}`;
    case 'const':
      return `must be ${String(error.params.allowedValue)}`;
    case 'pattern':
      return sayPattern(String(error.params.pattern), schema);
    case 'minLength':
    case 'maxLength':
      return schema.minLength === 1 && error.keyword === 'minLength'
        ? 'must not be empty'
        : `must have ${sayRange(schema.minLength, schema.maxLength)} characters`;
    case 'minItems':
    case 'maxItems':
      return `must have ${sayRange(schema.minItems, schema.maxItems)} entries`;
    default:
      return error.message;
  }
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  null: 'null',
};

function sayType(type: string, { minimum, maximum }: Schema): string {
  if (type !== 'integer' && type !== 'number') return TYPES[type] ?? type;
  const range = minimum === undefined && maximum === undefined ? '' : ` ${sayRange(minimum, maximum)}`;
  return `${type === 'integer' ? 'a whole number' : 'a number'}${range}`;
}

function sayRange(least?: number, most?: number): string {
  if (least !== undefined && most !== undefined) return `from ${least} to ${most}`;
  return most === undefined ? `at least ${least}` : `at most ${most}`;
}

/** Nobody reads regular expressions: an id says how it starts, anything else what its description says. */
function sayPattern(pattern: string, { description }: Schema): string {
  const [, prefix] = /^\^([a-z]+_)/.exec(pattern) ?? [];
  if (prefix !== undefined) return `must be an id that starts with ${prefix}`;
  return description === undefined
    ? `must match ${pattern}`
    : `does not fit; allowed: ${description.replace(/\.$/, '')}`;
}
