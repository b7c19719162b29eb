type Json = Readonly<Record<string, unknown>>;

/** An OpenAPI document, as far as we look into it. */
export interface Document {
  readonly paths: Json;
  readonly components: { readonly schemas: Json };
}

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null;

/** Every schema with a title stands once, under that title, so that generated clients have a type of that name. */
function nameSchemas(value: unknown, named: Map<string, string>): unknown {
  if (Array.isArray(value)) return value.map((one) => nameSchemas(one, named));
  if (!isObject(value)) return value;
  const inner = Object.fromEntries(Object.entries(value).map(([name, one]) => [name, nameSchemas(one, named)]));
  if (typeof inner.title !== 'string') return inner;
  const { title } = inner;
  const text = JSON.stringify(inner);
  const known = named.get(title);
  if (known !== undefined && known !== text) throw new Error(`two schemas have the title ${title}`);
  named.set(title, text);
  return { $ref: `#/components/schemas/${title}` };
}

const header = (description: string) => ({ description, schema: { type: 'string' } });
const HEADERS = {
  RequestId: header('Give it to whoever runs this instance when something went wrong.'),
  ETag: header('The version of what is answered; send it as `If-Match` with a change.'),
  Location: header('The address of what was made.'),
  RetryAfter: header('Try again after so many seconds.'),
  Authenticate: header('How to authenticate: Bearer.'),
};
const use = (name: keyof typeof HEADERS) => ({ $ref: `#/components/headers/${name}` });

interface Response {
  readonly headers?: Json;
  readonly content?: Readonly<Record<string, { readonly schema?: Json }>>;
}
interface Operation {
  readonly operationId: string;
  readonly requestBody?: { readonly content?: Readonly<Record<string, { readonly schema: Json }>> };
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Readonly<Record<string, Response>>;
}

function headersOf(status: string, response: Response, operation: Operation, schemas: Json): Json {
  const creates = operation.parameters?.some(({ name }) => name === 'idempotency-key') ?? false;
  const { $ref } = response.content?.['application/json']?.schema ?? {};
  const shown = schemas[String($ref).replace('#/components/schemas/', '')] as
    | { properties?: { version?: { type?: string } } }
    | undefined;
  return {
    'X-Request-Id': use('RequestId'),
    ...(shown?.properties?.version?.type === 'integer' && status.startsWith('2') ? { ETag: use('ETag') } : {}),
    ...(creates && status.startsWith('2') ? { Location: use('Location') } : {}),
    ...(status === '401' ? { 'WWW-Authenticate': use('Authenticate') } : {}),
    ...(status === '429' || status === '503' ? { 'Retry-After': use('RetryAfter') } : {}),
    ...response.headers,
  };
}

/** Bodies are named by what they are sent for: `CreatePlan`, `CancelJob`. */
function nameBodies(paths: Json): Json {
  return eachOperation(paths, (operation) => {
    const content = operation.requestBody?.content?.['application/json'];
    if (!content) return operation;
    const title = operation.operationId.charAt(0).toUpperCase() + operation.operationId.slice(1);
    const named = { ...content, schema: { ...content.schema, title } };
    // A body that may be null may be left out.
    const required = !JSON.stringify(content.schema.anyOf ?? []).includes('"null"');
    return { ...operation, requestBody: { required, content: { 'application/json': named } } };
  });
}

function eachOperation(paths: Json, change: (operation: Operation) => Operation): Json {
  const methods = (of: Json) =>
    Object.fromEntries(Object.entries(of).map(([method, one]) => [method, change(one as Operation)]));
  return Object.fromEntries(Object.entries(paths).map(([path, of]) => [path, methods(of as Json)]));
}

/** What follows from the routes: names of schemas, and the headers of answers. */
export function finishDocument<Made extends Document>(document: Made): Made {
  const named = new Map<string, string>();
  const paths = nameSchemas(nameBodies(document.paths as Json), named) as Json;
  const ours = Object.fromEntries(
    [...named].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, text]) => [name, JSON.parse(text)]),
  );
  const schemas = { ...document.components.schemas, ...ours };
  const finished = eachOperation(paths, (operation) => {
    const answers = Object.entries(operation.responses).map(([status, response]) => [
      status,
      { ...response, headers: headersOf(status, response, operation, schemas) },
    ]);
    return { ...operation, responses: Object.fromEntries(answers) };
  });
  return { ...document, components: { ...document.components, schemas, headers: HEADERS }, paths: finished };
}
