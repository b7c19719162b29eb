import { readFileSync, writeFileSync } from 'node:fs';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ERRORS } from '../../src/catalog/errors.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { newUuid, publicId, systemRandom } from '../../src/lib/ids.ts';
import { type ApiBench, startApi } from './bench.ts';

let api: ApiBench;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api?.close());
const FILE = new URL('../../docs/openapi.json', import.meta.url);

test('docs/openapi.json is what the routes say; UPDATE_OPENAPI=1 writes it anew', async () => {
  const made = `${JSON.stringify((await api.ask('GET', 'openapi.json', { key: null })).body, null, 2)}\n`;
  if (process.env.UPDATE_OPENAPI) writeFileSync(FILE, made);
  expect(made === readFileSync(FILE, 'utf8'), 'docs/openapi.json is old').toBe(true);
});

test('it says for every route who may call it, what it answers, and what its problems look like', async () => {
  const { body } = await api.ask('GET', 'openapi.json', { key: null });
  expect(body.openapi).toBe('3.1.0');
  for (const [path, methods] of Object.entries(body.paths as Record<string, Record<string, Record<string, unknown>>>))
    for (const [method, route] of Object.entries(methods)) {
      expect('x-permission' in route || Array.isArray(route.security), `${method} ${path}`).toBe(true);
      expect(Object.keys(route.responses as object).length, `${method} ${path}`).toBeGreaterThan(0);
      expect(route.summary, `${method} ${path}`).toBeTypeOf('string');
    }
});

const RULES = {
  'component-name-unique': 'error',
  'operation-tag-defined': 'error',
  'no-required-schema-properties-undefined': 'error',
  'no-schema-type-mismatch': 'error',
  'paths-kebab-case': 'error',
  'response-contains-header': {
    severity: 'error',
    names: { '2XX': ['X-Request-Id'], '401': ['WWW-Authenticate'], '429': ['Retry-After'] },
  },
  // It has no text of a licence to point at.
  'info-license-strict': 'off',
} as const;

test('UX-1: the linter finds nothing', async () => {
  const config = await createConfig({ extends: ['recommended-strict'], rules: RULES });
  const found = await lintFromString({ source: readFileSync(FILE, 'utf8'), absoluteRef: FILE.pathname, config });
  expect(found.map(({ ruleId, message, location }) => `${ruleId}: ${message} ${location[0]?.pointer}`)).toEqual([]);
});

interface Operation {
  readonly operationId: string;
  readonly parameters?: { name: string }[];
  readonly requestBody?: { content: Record<string, { schema: object }>; required: boolean };
  readonly responses: Record<string, { headers: object; content?: Record<string, { schema: object }> }>;
}
const operations = (): Map<string, Operation> => {
  const { paths } = JSON.parse(readFileSync(FILE, 'utf8')) as { paths: Record<string, Record<string, Operation>> };
  const all = Object.values(paths).flatMap((methods) => Object.values(methods));
  return new Map(all.map((one) => [one.operationId, one]));
};

test('UX-1: a generated client has named operations and types', () => {
  const { components } = JSON.parse(readFileSync(FILE, 'utf8')) as { components: { schemas: Record<string, unknown> } };
  const names = Object.keys(components.schemas);
  for (const name of [
    'Job',
    'JobPage',
    'JobState',
    'JobOutcome',
    'Plan',
    'Host',
    'Repository',
    'Site',
    'Me',
    'Problem',
  ])
    expect(names).toContain(name);
  expect([...operations().keys()]).toEqual(
    expect.arrayContaining(['listJobs', 'getJob', 'createJob', 'cancelJob', 'createPlan', 'setRepositoryCredentials']),
  );
  for (const [name, { requestBody, responses }] of operations()) {
    for (const { schema } of Object.values(requestBody?.content ?? {})) expect(schema, name).toHaveProperty('$ref');
    for (const { content } of Object.values(responses))
      for (const [type, { schema }] of Object.entries(content ?? {}))
        if (/[/+]json$/.test(type) && name !== 'getOpenapiJson') expect(schema, name).toHaveProperty('$ref');
  }
  expect(operations().get('cancelJob')!.requestBody!.required).toBe(false);
});

test('UX-3: headers of versions, addresses and repeats are described where they are', () => {
  const names = (of: object) => Object.keys(of);
  const { createPlan, changePlan, getPlan, listPlans, createJob } = Object.fromEntries(operations());
  expect(createPlan!.parameters!.map(({ name }) => name)).toContain('idempotency-key');
  expect(names(createPlan!.responses['201']!.headers)).toEqual(expect.arrayContaining(['ETag', 'Location']));
  expect(names(createJob!.responses['202']!.headers)).toEqual(expect.arrayContaining(['ETag', 'Location']));
  expect(changePlan!.parameters!.map(({ name }) => name)).toContain('if-match');
  expect(names(getPlan!.responses['200']!.headers)).toContain('ETag');
  expect(names(listPlans!.responses['200']!.headers)).not.toContain('ETag');
});

test.each(['3', '"x"', '"12345678901"', 'W/3', '"1", "2"'])(
  'If-Match %s is refused with what is allowed',
  async (value) => {
    const path = `plans/${publicId('plan', newUuid(systemClock, systemRandom))}`;
    const answer = await api.ask('PATCH', path, { body: { name: 'x' }, headers: { 'if-match': value } });
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ pointer: 'if-match' }] } });
    expect(answer.body.detail).toContain('for example "3"');
  },
);

test('every code of a problem has a page, the page of no code is a problem', async () => {
  for (const [code, { title }] of Object.entries(ERRORS)) {
    const page = await api.ask('GET', `/problems/${code}`, { key: null });
    expect(page.status).toBe(200);
    expect(page.headers['content-type']).toMatch(/^text\/html/);
    expect(page.text).toContain(`<h1>${title.replaceAll('"', '&#34;')}</h1>`);
    expect(page.headers['content-security-policy']).toContain("default-src 'none'");
  }
  expect((await api.ask('GET', '/problems', { key: null })).text).toContain('idempotency-key-reused');
  expect((await api.ask('GET', '/problems/toString', { key: null })).status).toBe(404);
});

test('the pages for people are there without a key', async () => {
  expect((await api.ask('GET', '/setup?token=x', { key: null })).text).toContain('comes with the access release');
  const docs = await api.ask('GET', 'docs/', { key: null });
  expect(docs.status).toBe(200);
  expect(docs.text).toContain('swagger-ui');
});

test('kinds of jobs tell their parameters as JSON Schema', async () => {
  const { items } = (await api.ask('GET', 'job-kinds')).body;
  const backup = items.find((kind: { key: string }) => kind.key === 'backup');
  expect(backup).toMatchObject({
    target: 'plan',
    permission: 'backup:run',
    params: { type: 'object', required: ['planId'], additionalProperties: false },
  });
  expect(backup.params.properties.planId.title).toBe('Plan');
});
