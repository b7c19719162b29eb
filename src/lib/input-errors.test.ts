import Type, { type TSchema } from 'typebox';
import Value from 'typebox/value';
import { expect, test } from 'vitest';
import { publicIdPattern } from './ids.ts';
import { inputErrors } from './input-errors.ts';

const closed = { additionalProperties: false };
const said = (schema: TSchema, value: unknown) =>
  inputErrors(schema, Value.Errors(schema, value)).map(({ pointer, message }) => `${pointer} ${message}`);

test.each<[string, TSchema, unknown, string]>([
  ['a fraction', Type.Integer({ minimum: 1, maximum: 200 }), 1.5, 'must be a whole number from 1 to 200'],
  ['a number out of range', Type.Integer({ minimum: 1, maximum: 200 }), 0, 'must be a whole number from 1 to 200'],
  ['a number below the least', Type.Integer({ minimum: 1 }), 0, 'must be a whole number at least 1'],
  ['a word of none of a list', Type.Enum(['text', 'ndjson']), 'xml', 'must be one of text, ndjson'],
  ['another id', Type.String({ pattern: publicIdPattern('host') }), 'job_1', 'must be an id that starts with host_'],
  [
    'a form that is described',
    Type.String({ pattern: '^a$', description: 'An a.' }),
    'b',
    'does not fit; allowed: An a',
  ],
  ['a text too long', Type.String({ maxLength: 2 }), 'abc', 'must have at most 2 characters'],
  ['a text too short', Type.String({ minLength: 8, maxLength: 9 }), 'abc', 'must have from 8 to 9 characters'],
  ['no text', Type.String({ minLength: 1 }), '', 'must not be empty'],
  ['no list', Type.Array(Type.String()), 'a', 'must be a list'],
  ['too many', Type.Array(Type.String(), { maxItems: 1 }), ['a', 'b'], 'must have at most 1 entries'],
  [
    'neither number nor null',
    Type.Unsafe({ type: ['integer', 'null'], minimum: 1 }),
    'a',
    'must be a whole number at least 1 or null',
  ],
])('%s is told with what is allowed', (_what, schema, value, words) => {
  expect(said(schema, value)).toEqual([` ${words}`]);
});

test('unknown fields are told with the known ones, and each thing that is wrong once', () => {
  const inner = Type.Object({ z: Type.Optional(Type.Integer()) }, closed);
  const schema = Type.Object({ n: Type.Union([inner, Type.Null()]), m: Type.String() }, closed);
  expect(said(schema, { n: { z: 1, 'w/w': 1 } })).toEqual([
    '/m is required',
    '/n/w~1w is not a known field; known are z',
  ]);
  expect(said(schema, { n: 5, m: '' })).toEqual(['/n must be an object']);
  expect(said(Type.Object({}, closed), { x: 1 })).toEqual(['/x is not a known field; none is taken here']);
});
