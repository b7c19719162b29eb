import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ERRORS } from '../../src/catalog/errors.ts';
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
  expect(Object.keys(body.components.schemas)).toContain('Problem');
});

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
