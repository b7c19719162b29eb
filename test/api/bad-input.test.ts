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
    what: 'a short password',
    path: 'repositories',
    body: () => ({ name: 'x', url: '/srv/x', password: 'short' }),
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
  ['GET', '/api/v1/nothing', 404, 'not-found'],
  ['GET', '/api/v1/jobs/../../etc', 404, 'not-found'],
  ['GET', '/api/v1/jobs/job_1', 404, 'not-found'],
  ['GET', `/api/v1/jobs/${'x'.repeat(300)}`, 404, 'not-found'],
  ['GET', '/%zz', 400, 'bad-request'],
  ['DELETE', '/api/v1/jobs', 405, 'method-not-allowed'],
  ['PUT', `/api/v1/plans/${publicId('plan', '01900000-0000-7000-8000-000000000000')}`, 405, 'method-not-allowed'],
])('%s %s is a problem too', async (method, path, status, code) => {
  const answer = await api.ask(method, path);
  expect(answer).toMatchObject({ status, body: { code, status } });
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
});

test('a long list of mistakes gives a short answer', async () => {
  const answer = await api.ask('POST', 'plans', { body: aPlan({ paths: Array(100).fill(5) }) });
  expect(answer.status).toBe(422);
  expect(answer.body.errors.length).toBeLessThanOrEqual(20);
});
