import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/lib/clock.ts';
import { newUuid, publicId, systemRandom } from '../../src/lib/ids.ts';
import { host, plan, repository } from '../factories.ts';
import { type ApiBench, startApi } from './bench.ts';

let api: ApiBench;
let hostId: string;
let repositoryId: string;
let planId: string;
beforeAll(async () => {
  api = await startApi();
  const { owner } = api.database;
  const machine = await host(owner, api.org, { name: 'db-1' });
  const store = await repository(owner, api.org.id, { name: 'main' });
  hostId = publicId('host', machine.id);
  repositoryId = publicId('repository', store.id);
  planId = publicId('plan', (await plan(owner, api.org.id, { hostId: machine.id, repositoryId: store.id })).id);
});
afterAll(() => api?.close());
const nobody = (noun: 'host' | 'plan' | 'repository' | 'job') => publicId(noun, newUuid(systemClock, systemRandom));

// Long because it is a table: each line of it is one way to get a request wrong.
interface Bad {
  readonly what: string;
  readonly path: string;
  /** Made when the test runs: it needs the ids of the stage. */
  readonly body: () => unknown;
  readonly status: number;
  readonly code: string;
  readonly pointer?: string;
  readonly headers?: Record<string, string>;
}
const aPlan = (over: object) => ({ name: 'etc', hostId, repositoryId, paths: ['/etc'], ...over });
const aNoop = (over: object = {}) => ({ kind: 'noop', target: { hostId }, ...over });

const BAD: Bad[] = [
  {
    what: 'an unknown kind',
    path: 'jobs',
    body: () => ({ kind: 'explode' }),
    status: 422,
    code: 'unknown-kind',
    pointer: '/kind',
  },
  { what: 'no kind', path: 'jobs', body: () => ({}), status: 422, code: 'invalid-input', pointer: '/kind' },
  {
    what: 'a kind of the wrong type',
    path: 'jobs',
    body: () => ({ kind: 5 }),
    status: 422,
    code: 'invalid-input',
    pointer: '/kind',
  },
  {
    what: 'an unknown field',
    path: 'jobs',
    body: () => aNoop({ role: 'owner' }),
    status: 422,
    code: 'invalid-input',
    pointer: '/role',
  },
  {
    what: 'an unknown field in the target',
    path: 'jobs',
    body: () => ({ kind: 'noop', target: { hostId, root: true } }),
    status: 422,
    code: 'invalid-input',
    pointer: '/target/root',
  },
  {
    what: 'an unknown parameter',
    path: 'jobs',
    body: () => aNoop({ params: { command: 'rm' } }),
    status: 422,
    code: 'invalid-input',
    pointer: '/params/command',
  },
  {
    what: 'a number as text',
    path: 'jobs',
    body: () => aNoop({ params: { sleepMs: '5' } }),
    status: 422,
    code: 'invalid-input',
    pointer: '/params/sleepMs',
  },
  {
    what: 'a number out of range',
    path: 'jobs',
    body: () => aNoop({ params: { sleepMs: -1 } }),
    status: 422,
    code: 'invalid-input',
    pointer: '/params/sleepMs',
  },
  {
    what: 'a host id of another noun',
    path: 'jobs',
    body: () => ({ kind: 'noop', target: { hostId: repositoryId } }),
    status: 422,
    code: 'invalid-input',
    pointer: '/target/hostId',
  },
  {
    what: 'an unknown host',
    path: 'jobs',
    body: () => ({ kind: 'noop', target: { hostId: nobody('host') } }),
    status: 422,
    code: 'unknown-target',
    pointer: '/target/hostId',
  },
  {
    what: 'an unknown plan',
    path: 'jobs',
    body: () => ({ kind: 'backup', params: { planId: nobody('plan') } }),
    status: 422,
    code: 'unknown-target',
    pointer: '/params/planId',
  },
  {
    what: 'a backup without a plan',
    path: 'jobs',
    body: () => ({ kind: 'backup' }),
    status: 422,
    code: 'invalid-input',
  },
  {
    what: 'a backup into a repository without a password',
    path: 'jobs',
    body: () => ({ kind: 'backup', params: { planId } }),
    status: 422,
    code: 'repository-has-no-password',
  },
  {
    what: 'a NUL in a text',
    path: 'jobs',
    body: () => aNoop({ params: { message: 'a\0b' } }),
    status: 422,
    code: 'invalid-input',
    pointer: '/params/message',
  },
  {
    what: 'half a character in a text',
    path: 'jobs',
    body: () => '{"kind":"noop","params":{"message":"\\ud800"}}',
    status: 422,
    code: 'invalid-input',
    pointer: '/params/message',
  },
  {
    what: 'a list instead of an object',
    path: 'jobs',
    body: () => [],
    status: 422,
    code: 'invalid-input',
    pointer: '',
  },
  { what: 'null', path: 'jobs', body: () => 'null', status: 422, code: 'invalid-input', pointer: '' },
  { what: 'broken JSON', path: 'jobs', body: () => '{"kind": "noop"', status: 400, code: 'bad-json' },
  { what: 'an empty body', path: 'jobs', body: () => '', status: 400, code: 'bad-json' },
  {
    what: 'a body that reaches for the prototype',
    path: 'jobs',
    body: () => '{"kind":"noop","__proto__":{"x":1}}',
    status: 400,
    code: 'bad-json',
  },
  {
    what: 'a body too deep',
    path: 'jobs',
    body: () => `{"kind":"noop","params":${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}}`,
    status: 400,
    code: 'bad-json',
  },
  {
    what: 'a body too large',
    path: 'jobs',
    body: () => aNoop({ params: { message: 'x'.repeat(2 * 1024 * 1024) } }),
    status: 413,
    code: 'body-too-large',
  },
  {
    what: 'another media type',
    path: 'jobs',
    body: () => 'kind=noop',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    status: 415,
    code: 'unsupported-media-type',
  },
  {
    what: 'plain text',
    path: 'jobs',
    body: () => '{"kind":"noop"}',
    headers: { 'content-type': 'text/plain' },
    status: 415,
    code: 'unsupported-media-type',
  },
  {
    what: 'an Idempotency-Key with a space',
    path: 'jobs',
    body: () => aNoop(),
    headers: { 'idempotency-key': 'a b' },
    status: 422,
    code: 'invalid-input',
    pointer: 'idempotency-key',
  },
  {
    what: 'an Idempotency-Key too long',
    path: 'jobs',
    body: () => aNoop(),
    headers: { 'idempotency-key': 'k'.repeat(201) },
    status: 422,
    code: 'invalid-input',
    pointer: 'idempotency-key',
  },
  {
    what: 'no paths',
    path: 'plans',
    body: () => ({ ...aPlan({}), paths: undefined }),
    status: 422,
    code: 'invalid-input',
    pointer: '/paths',
  },
  {
    what: 'an empty list of paths',
    path: 'plans',
    body: () => aPlan({ paths: [] }),
    status: 422,
    code: 'invalid-input',
    pointer: '/paths',
  },
  {
    what: '101 paths',
    path: 'plans',
    body: () => aPlan({ paths: Array(101).fill('/a') }),
    status: 422,
    code: 'invalid-input',
    pointer: '/paths',
  },
  {
    what: 'a path with a line break',
    path: 'plans',
    body: () => aPlan({ paths: ['/etc', '/a\nb'] }),
    status: 422,
    code: 'invalid-input',
    pointer: '/paths/1',
  },
  {
    what: 'a path with NUL',
    path: 'plans',
    body: () => aPlan({ paths: ['/a\0b'] }),
    status: 422,
    code: 'invalid-input',
    pointer: '/paths/0',
  },
  {
    what: 'a relative path',
    path: 'plans',
    body: () => aPlan({ paths: ['etc'] }),
    status: 422,
    code: 'invalid-input',
    pointer: '/paths/0',
  },
  {
    what: 'an option as a path',
    path: 'plans',
    body: () => aPlan({ paths: ['--exclude=/'] }),
    status: 422,
    code: 'invalid-input',
    pointer: '/paths/0',
  },
  {
    what: 'an exclude with a line break',
    path: 'plans',
    body: () => aPlan({ excludes: ['a\nb'] }),
    status: 422,
    code: 'invalid-input',
    pointer: '/excludes/0',
  },
  {
    what: 'a name with a line break',
    path: 'plans',
    body: () => aPlan({ name: 'a\nb' }),
    status: 422,
    code: 'invalid-input',
    pointer: '/name',
  },
  {
    what: 'a plan on an unknown host',
    path: 'plans',
    body: () => aPlan({ hostId: nobody('host') }),
    status: 422,
    code: 'unknown-target',
    pointer: '/hostId',
  },
  {
    what: 'a plan into an unknown repository',
    path: 'plans',
    body: () => aPlan({ repositoryId: nobody('repository') }),
    status: 422,
    code: 'unknown-target',
    pointer: '/repositoryId',
  },
  {
    what: 'an address with a password',
    path: 'repositories',
    body: () => ({ name: 'x', url: 'rest:https://ada:hunter22@example.org/' }),
    status: 422,
    code: 'invalid-input',
    pointer: '/url',
  },
  {
    what: 'an address with a line break',
    path: 'repositories',
    body: () => ({ name: 'x', url: '/srv/a\nb' }),
    status: 422,
    code: 'invalid-input',
    pointer: '/url',
  },
  {
    what: 'an address that is an option',
    path: 'repositories',
    body: () => ({ name: 'x', url: '-o sftp.command=evil' }),
    status: 422,
    code: 'invalid-input',
    pointer: '/url',
  },
  {
    what: 'a name in use',
    path: 'repositories',
    body: () => ({ name: 'main', url: '/srv/other' }),
    status: 409,
    code: 'name-taken',
    pointer: '/name',
  },
  {
    what: 'an address that is taken, written another way',
    path: 'repositories',
    body: () => ({ name: 'second', url: 'local:/srv//main/' }),
    status: 409,
    code: 'address-taken',
    pointer: '/url',
  },
  {
    what: 'a password of two lines',
    path: 'repositories',
    body: () => ({ name: 'x', url: '/srv/x', password: 'first\nsecond' }),
    status: 422,
    code: 'invalid-input',
    pointer: '/password',
  },
];

describe('POST', () => {
  test.each(BAD)('$path with $what is refused with a code and a place, and nothing is written', async (bad) => {
    const before = await api.counts();
    const answer = await api.ask('POST', bad.path, { body: bad.body(), headers: bad.headers });
    expect(answer.body, answer.text).toMatchObject({
      status: bad.status,
      code: bad.code,
      type: `/problems/${bad.code}`,
    });
    expect(answer.status).toBe(bad.status);
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(answer.body.requestId).toBe(answer.headers['x-request-id']);
    if (bad.pointer !== undefined)
      expect(answer.body.errors.map((e: { pointer: string }) => e.pointer)).toContain(bad.pointer);
    expect(answer.text).not.toContain('hunter22');
    expect(await api.counts()).toEqual(before);
  });
});

test.each([
  ['hosts?limit=0', 'limit'],
  ['hosts?limit=many', 'limit'],
  ['hosts?limit=', 'limit'],
  ['hosts?limit=1000', 'limit'],
  ['hosts?cursor=rubbish', 'cursor'],
  ['hosts?color=red', 'color'],
  ['hosts?name=%00', 'name'],
  ['jobs?state=sleeping', 'state/0'],
  ['jobs?hostId=5', 'hostId'],
  ['jobs?limit=5&limit=6', 'limit'],
])('GET %s names the parameter that does not fit', async (path, pointer) => {
  const answer = await api.ask('GET', path);
  expect(answer).toMatchObject({ status: 422, body: { code: 'invalid-input' } });
  expect(answer.body.errors[0].pointer).toBe(pointer);
});

test.each([
  ['hosts?limit=1.5', 'limit: must be a whole number from 1 to 200.'],
  ['hosts?limit=true', 'limit: must be a whole number from 1 to 200.'],
  ['hosts?limit=1e1', 'limit: must be a whole number from 1 to 200.'],
  ['hosts?limit=0x5', 'limit: must be a whole number from 1 to 200.'],
  ['hosts?limit=%205', 'limit: must be a whole number from 1 to 200.'],
  ['jobs?sort=name', 'sort: must be one of -createdAt, createdAt.'],
  ['jobs?planId=5', 'planId: must be an id that starts with plan_.'],
  ['hosts?color=red', 'color: is not a known field; known are limit, cursor, sort, name.'],
  ['auth/me?x=1', 'x: is not a known field; none is taken here.'],
  [`hosts/${nobody('host')}?x=1`, 'x: is not a known field; none is taken here.'],
  [`jobs/${nobody('job')}?x=1`, 'x: is not a known field; none is taken here.'],
])('UX-2: GET %s says what is allowed', async (path, detail) => {
  expect(await api.ask('GET', path)).toMatchObject({ status: 422, body: { code: 'invalid-input', detail } });
});

test.each<[string, string, Buffer, number, string, string]>([
  [
    'bytes that are no UTF-8',
    'application/json',
    Buffer.from('{"kind":"\xff"}', 'latin1'),
    400,
    'bad-json',
    'The body is not valid UTF-8.',
  ],
  [
    'another charset',
    'application/json; charset=latin1',
    Buffer.from('{"kind":"noop"}'),
    415,
    'unsupported-media-type',
    'content-type: the charset must be utf-8, or left out.',
  ],
  [
    'two bytes a letter',
    'application/json; charset=utf-16',
    Buffer.from('{"kind":"noop"}', 'utf16le'),
    415,
    'unsupported-media-type',
    'content-type: the charset must be utf-8, or left out.',
  ],
  [
    'another media type',
    'text/plain',
    Buffer.from('{"kind":"noop"}'),
    415,
    'unsupported-media-type',
    'content-type: must be application/json.',
  ],
  ['nothing', 'application/json', Buffer.from(''), 400, 'bad-json', 'The body is empty.'],
])(
  'UX-2: a body of %s is refused with what is taken, and nothing is written',
  async (_what, type, payload, status, code, detail) => {
    const before = await api.counts();
    const headers = { authorization: `Bearer ${api.key}`, 'content-type': type };
    const answer = await api.app.inject({ method: 'POST', url: '/api/v1/jobs', headers, payload });
    expect(answer.json()).toMatchObject({ status, code, detail });
    expect(await api.counts()).toEqual(before);
  },
);

test('a body in UTF-8 is taken, whether it says so or not', async () => {
  for (const type of ['application/json', 'application/json; charset=UTF-8', 'application/json;charset="utf-8"']) {
    const answer = await api.ask('POST', 'jobs', {
      body: aNoop({ params: { message: 'Grüße 🎉' } }),
      headers: { 'content-type': type },
    });
    expect(answer).toMatchObject({ status: 202, body: { params: { message: 'Grüße 🎉' } } });
  }
});

test('a body that is packed is refused: its bytes would be taken for text', async () => {
  const answer = await api.ask('POST', 'jobs', { body: aNoop(), headers: { 'content-encoding': 'gzip' } });
  expect(answer).toMatchObject({ status: 415, body: { detail: 'content-encoding: must be identity, or left out.' } });
});

test.each([
  ['GET', '/api/v1/nothing', 404, 'not-found'],
  ['GET', '/api/v1/jobs/../../etc', 404, 'not-found'],
  ['GET', '/api/v1/jobs/job_1', 404, 'not-found'],
  ['GET', `/api/v1/jobs/${'x'.repeat(300)}`, 404, 'not-found'],
  ['GET', '/%zz', 400, 'bad-request'],
  ['GET', '/api/v1/hosts?name=%ff', 400, 'bad-request'],
  ['GET', '/api/v1/docs/static/%00', 404, 'not-found'],
  ['GET', `/api/v1/docs/static/${'a'.repeat(300)}`, 404, 'not-found'],
  ['QUERY', '/api/v1/jobs', 405, 'method-not-allowed'],
  ['QUERY', '/api/v1/nothing', 404, 'not-found'],
  ['PROPFIND', '/healthz', 405, 'method-not-allowed'],
  ['DELETE', '/api/v1/jobs', 405, 'method-not-allowed'],
  ['PUT', `/api/v1/plans/${publicId('plan', '01900000-0000-7000-8000-000000000000')}`, 405, 'method-not-allowed'],
])('%s %s is a problem too', async (method, path, status, code) => {
  const answer = await api.ask(method, path);
  expect(answer).toMatchObject({ status, body: { code, status } });
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
});

test('what the framework refuses is never our fault, also without a key', async () => {
  const file = '/api/v1/docs/static/swagger-ui.css';
  const asks = [
    ['QUERY', '/healthz', {}, 405],
    ['QUERY', '/api/v1/auth/me', {}, 405],
    ['GET', file, { range: 'bytes=99999999-' }, 416],
    ['GET', file, { 'if-match': '"x"' }, 412],
  ] as const;
  for (const [method, path, headers, status] of asks)
    expect(await api.ask(method, path, { key: null, headers }), `${method} ${path}`).toMatchObject({
      status,
      body: { status },
    });
});

describe('on a socket', () => {
  let port: number;
  beforeAll(async () => {
    port = Number(new URL(await api.app.listen({ host: '127.0.0.1', port: 0 })).port);
  });
  const send = async (text: string) => {
    const socket = connect(port, '127.0.0.1').setEncoding('utf8');
    socket.end(text);
    return (await socket.toArray()).join('');
  };
  test.each([
    ['GET /healthz HTTP/1.1\r\nconnection: close\r\n\r\n', '200', '"status":"ok"'],
    ['GET /healthz HTTP/1.1\r\nhost: x\r\nexpect: tea\r\nconnection: close\r\n\r\n', '200', '"status":"ok"'],
    ['GET /api/v1/docs/static/%2e%2e HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', '404', 'not-found'],
    ['GET /api/v1/docs/static/%2e%2e/%2e%2e/x HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n', '404', 'not-found'],
    ['TEA / HTTP/1.1\r\nhost: x\r\n\r\n', '400', 'The method is none that HTTP knows.'],
    ['nonsense\r\n\r\n', '400', 'bad-request'],
    [`GET / HTTP/1.1\r\nhost: x\r\nlast-event-id: ${'a'.repeat(20_000)}\r\n\r\n`, '431', 'headers-too-large'],
    ['POST / HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n', '400', 'bad-request'],
  ])('%j is answered with %s and a word', async (text, status, word) => {
    const answer = await send(text);
    expect(answer.split(' ')[1]).toBe(status);
    expect(answer).toContain(word);
    expect(answer).toMatch(/x-request-id: req_/i);
  });
});

test('a long list of mistakes gives a short answer', async () => {
  const answer = await api.ask('POST', 'plans', { body: aPlan({ paths: Array(100).fill(5) }) });
  expect(answer.status).toBe(422);
  expect(answer.body.errors.length).toBeLessThanOrEqual(20);
});
