import fc from 'fast-check';

/** A schema or operation of docs/openapi.json, as far as it is looked into. */
// biome-ignore lint/suspicious/noExplicitAny: a document of many shapes
type Loose = any;

export interface OddRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer | null;
}

export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly parameters: readonly { name: string; in: string; schema: Loose }[];
  readonly body: Loose | null;
  readonly responses: Record<string, Loose>;
}

export function operationsOf(document: Loose): Operation[] {
  return Object.entries<Loose>(document.paths).flatMap(([path, methods]) =>
    Object.entries<Loose>(methods).map(([method, { parameters = [], requestBody, responses }]) => ({
      method: method.toUpperCase(),
      path,
      parameters,
      body: requestBody?.content['application/json'].schema ?? null,
      responses,
    })),
  );
}

/** What people, programs and attackers write into any place. */
const ODD_TEXTS = [
  '',
  ' ',
  '0',
  '-1',
  '1.5',
  'true',
  'null',
  '[]',
  '{}',
  "'",
  '"',
  '../..',
  '%',
  '%zz',
  '%00',
  '%ff',
  '%2e%2e',
  '%2f',
  '\u0000',
  'é',
  '🎉',
  '\ud800',
  'a'.repeat(300),
  '__proto__',
  'constructor',
  'toString',
  '*',
  '"1"',
  'W/"1"',
  '"99999999999"',
  '1e400',
  '9007199254740993',
  'hfk_x',
  '\t',
  '~end',
  '1.1.1~end',
];
/** `mostly` nine times of ten. */
const mostly = <T>(likely: fc.Arbitrary<T>, odd: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 9, arbitrary: likely }, { weight: 1, arbitrary: odd });

const oddText = fc.oneof(
  fc.constantFrom(...ODD_TEXTS),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ maxLength: 10 }),
);
const oddJson = fc.oneof(
  oddText,
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.jsonValue({ maxDepth: 3 }),
);
const METHODS = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'QUERY',
  'PROPFIND',
  'SEARCH',
  'M-SEARCH',
  'LINK',
];

/** Values that mostly fit a schema. `ids` are those of things that are there, by the prefix of their noun. */
function fitting(schema: Loose, document: Loose, ids: ReadonlyMap<string, string>): fc.Arbitrary<unknown> {
  const inner = (of: Loose) => fitting(of, document, ids);
  if (schema.$ref) return inner(document.components.schemas[schema.$ref.split('/').at(-1)]);
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map(inner));
  if (schema.enum) return mostly(fc.constantFrom<unknown>(...schema.enum), oddJson);
  const [type] = [schema.type].flat();
  if (type === 'object') {
    const names = Object.keys(schema.properties ?? {});
    const fields = Object.fromEntries(names.map((name) => [name, inner(schema.properties[name])]));
    const record = fc.record(fields, { requiredKeys: [...(schema.required ?? [])] });
    const spoilt = fc.tuple(record, oddText, oddJson).map(([value, name, more]) => ({ ...value, [name]: more }));
    return mostly<unknown>(record, fc.oneof(spoilt, oddJson));
  }
  if (type === 'array') return mostly<unknown>(fc.array(inner(schema.items), { maxLength: 3 }), oddJson);
  if (type === 'integer') {
    const range = { min: schema.minimum ?? 0, max: Math.min(schema.maximum ?? 1_000, 1_000) };
    return mostly<unknown>(fc.integer(range), oddJson);
  }
  if (type === 'null') return fc.constant(null);
  const [, prefix] = /^\^([a-z]+)_/.exec(schema.pattern ?? '') ?? [];
  const id = prefix === undefined ? undefined : ids.get(prefix);
  const text = fc.constantFrom('noop', 'backup', 'etc', '/srv/a', 'long-enough');
  return mostly<unknown>(id === undefined ? text : fc.constant(id), oddJson);
}

/** What stands in an address: mostly written as it has to be, sometimes as it comes. */
const encoded = (text: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  text.map((one) => (one.isWellFormed() ? encodeURIComponent(one) : '%ed%a0%80'));
const bare = oddText.map((text) => text.replaceAll(/[^!-~]/g, '').replaceAll('#', ''));
/** Header values cannot hold line breaks: what comes behind one is another header. */
const headerText = mostly(oddText, fc.constant('x'.repeat(20_000))).map((text) => text.replaceAll(/[\r\n\0]/g, ''));

const oddHeader = fc.tuple(
  fc.constantFrom(
    'accept',
    'content-encoding',
    'content-type',
    'expect',
    'range',
    'if-match',
    'if-none-match',
    'idempotency-key',
    'last-event-id',
    'x-request-id',
    'authorization',
    'origin',
    'cookie',
    'x-forwarded-for',
    'host',
  ),
  headerText,
);

export function oddRequests(operation: Operation, document: Loose, ids: ReadonlyMap<string, string>, key: string) {
  const nouns: Readonly<Record<string, string>> = {
    sites: 'site',
    hosts: 'host',
    repositories: 'repo',
    plans: 'plan',
    jobs: 'job',
  };
  const noun = nouns[operation.path.split('/')[3] ?? ''] ?? '';
  const place = mostly(
    fc.constant(ids.get(noun) ?? 'conflict'),
    fc.oneof(encoded(oddText), bare, fc.constant(`${noun}_${'0'.repeat(26)}`)),
  );
  const declared = operation.parameters.filter((one) => one.in === 'query');
  const pair = (name: string, value: unknown) =>
    `${encodeURIComponent(name)}=${typeof value === 'string' && !value.isWellFormed() ? '%ff' : encodeURIComponent(String(value))}`;
  const query = declared.map(({ name, schema }) =>
    fc.option(
      fitting(schema, document, ids).map((value) =>
        [value]
          .flat()
          .map((one) => pair(name, one))
          .join('&'),
      ),
      { nil: '', freq: 2 },
    ),
  );
  const json = operation.body === null ? fc.constant(null) : fitting(operation.body, document, ids);
  const body = fc.oneof(
    { weight: 8, arbitrary: json.map((value) => Buffer.from(JSON.stringify(value) ?? '')) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)) },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom('{', '', '[[[[', '{"__proto__":1}', '1e999', '"\\ud800"')
        .map((text) => Buffer.from(text)),
    },
  );
  const sends =
    operation.body === null
      ? mostly<Buffer | null>(fc.constant(null), body)
      : mostly<Buffer | null>(body, fc.constant(null));
  return fc
    .record({
      method: mostly(fc.constant(operation.method), fc.constantFrom(...METHODS)),
      place,
      query: fc.tuple(...query),
      more: mostly(
        fc.constant(''),
        fc.oneof(
          bare,
          encoded(oddText).map((name) => `${name}=1`),
        ),
      ),
      credential: mostly(fc.constant(`Bearer ${key}`), headerText),
      type: mostly(
        fc.constant('application/json'),
        fc.constantFrom(
          'text/plain',
          'application/json; charset=latin1',
          'application/json;charset=',
          'multipart/form-data',
          '',
          ';',
        ),
      ),
      odd: fc.array(oddHeader, { maxLength: 2 }),
      body: sends,
    })
    .map(({ method, place, query, more, credential, type, odd, body }): OddRequest => {
      const path = operation.path.replaceAll(/\{\w+\}/g, () => place);
      const asked = [...query, more].filter((part) => part !== '').join('&');
      const headers: [string, string][] = [['host', 'x'], ['authorization', credential], ...odd];
      if (body !== null) headers.push(['content-type', type], ['content-length', String(body.length)]);
      return { method, target: asked === '' ? path : `${path}?${asked}`, headers, body };
    });
}
