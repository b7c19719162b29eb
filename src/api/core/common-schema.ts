import Type, { type TSchema } from 'typebox';
import { type IdNoun, publicIdPattern } from '../../lib/ids.ts';

/** A public id of one noun. */
export const Id = (noun: IdNoun, description?: string) =>
  Type.String({ pattern: publicIdPattern(noun), ...(description === undefined ? {} : { description }) });

export const Nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);

/** A cap as it is sent, or null for none. One schema with two types: a union would tell of one wrong number three times. */
export const Cap = (maximum: number, description: string) =>
  Type.Unsafe<number | null>({ type: ['integer', 'null'], minimum: 1, maximum, description });

/** RFC 3339 in UTC. */
export const Time = Type.String({ format: 'date-time' });

export const Version = Type.Integer({ description: 'Raised by each change of the row; the higher one is the newer.' });

/** What a caller sends: a field nobody declared is refused instead of dropped. */
export const Closed = <P extends Record<string, TSchema>>(
  properties: P,
  options: { title?: string; description?: string; minProperties?: number } = {},
) => Type.Object(properties, { additionalProperties: false, ...options });

export const IdParams = (noun: IdNoun) => Closed({ id: Id(noun) });

export const PAGE_QUERY = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, description: 'How many at most; 50 unless told.' })),
  cursor: Type.Optional(Type.String({ maxLength: 200, description: 'The `nextCursor` of the page before.' })),
  sort: Type.Optional(
    Type.Enum(['-createdAt', 'createdAt'], {
      description: 'Newest first unless told. Keep it over the pages of a list.',
    }),
  ),
};

export const PageOf = <T extends TSchema>(item: T) =>
  Type.Object(
    {
      items: Type.Array(item),
      nextCursor: Nullable(Type.String({ description: 'Send it as `cursor` for the next page; null at the end.' })),
    },
    { title: `${(item as { title?: string }).title}Page` },
  );

/** One line without control characters; names stand in lists, logs and argument lists. */
export const Name = Type.String({
  minLength: 1,
  maxLength: 100,
  pattern: '^[^\\u0000-\\u001f\\u007f\\s-][^\\u0000-\\u001f\\u007f]*$',
  description: 'One line; does not start with a space or "-".',
});

/** The headers of a POST that creates. Other headers are let through. */
export const IdempotencyHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      pattern: '^[\\x21-\\x7e]{1,200}$',
      description: '1 to 200 visible characters of ASCII. Makes the request safe to repeat for 48 hours.',
    }),
  ),
});

/** The headers of what changes or removes. */
export const EditHeaders = Type.Object({
  'if-match': Type.Optional(
    Type.String({
      pattern: '^(?:\\*|(?:W/)?"\\d{1,9}")$',
      description: 'The `ETag` of a former answer, for example "3". Refused with 412 when it was changed since.',
    }),
  ),
});

/** What may be done with a row by whoever asks. */
export const Allowed = Type.Record(Type.String(), Type.Union([Type.Literal(true), Type.String()]), {
  title: 'Allowed',
  description: 'By action: true, or why not.',
});
