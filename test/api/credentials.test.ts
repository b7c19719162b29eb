import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PERMISSIONS } from '../../src/catalog/permissions.ts';
import { KINDS } from '../../src/kinds/index.ts';
import { type ApiBench, startApi } from './bench.ts';

let api: ApiBench;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api?.close());

describe('a request is refused with 401, without a word why', () => {
  test.each([
    ['no key', async () => null],
    ['a key nobody has', async () => `hfk_${'A'.repeat(43)}`],
    ['a text that is no key', async () => 'hunter2'],
    ['an expired key', () => api.newKey({ expiresAt: new Date(Date.now() - 1000) })],
    ['a revoked key', () => api.newKey({ revokedAt: new Date() })],
    ['the key of a disabled person', () => api.newKey({ status: 'disabled' })],
  ])('with %s', async (_what, makeKey) => {
    const answer = await api.ask('GET', 'hosts', { key: await makeKey() });
    expect(answer).toMatchObject({
      status: 401,
      body: { code: 'unauthenticated', detail: 'There is no valid credential in this request.' },
    });
    expect(answer.headers['www-authenticate']).toBe('Bearer');
  });

  test('before its body is read', async () => {
    expect((await api.ask('POST', 'jobs', { key: null, body: 'not json' })).status).toBe(401);
  });

  test('with a key in another scheme, and the scheme may be written small', async () => {
    const ask = (authorization: string) => api.ask('GET', 'hosts', { key: null, headers: { authorization } });
    expect((await ask(`Basic ${api.key}`)).status).toBe(401);
    expect((await ask(`bearer ${api.key}`)).status).toBe(200);
  });
});

test('a key is cut down to its scopes, and to what its owner may', async () => {
  const key = await api.newKey({ scopes: ['host:read', 'repository:manage'], roles: [['viewer', null]] });
  expect((await api.ask('GET', 'hosts', { key })).status).toBe(200);
  expect((await api.ask('GET', 'jobs', { key })).body).toMatchObject({ status: 403, required: 'job:read' });
  const made = await api.ask('POST', 'repositories', { key, body: { name: 'x', url: '/srv/x' } });
  expect(made.body).toMatchObject({ status: 403, required: 'repository:manage' });
  expect((await api.ask('GET', 'auth/me', { key })).body).toMatchObject({
    kind: 'key',
    permissions: ['host:read'],
    sitePermissions: [],
  });
});

test('a key works until the moment it is revoked', async () => {
  const key = await api.newKey();
  expect((await api.ask('GET', 'hosts', { key })).status).toBe(200);
  await api.database.owner.query(`update api_key set revoked_at = now() where key_hash = sha256($1::bytea)`, [key]);
  expect((await api.ask('GET', 'hosts', { key })).status).toBe(401);
});

test('the last use of a key is noted, at most once a minute', async () => {
  const key = await api.newKey();
  const noted = async () =>
    (
      await api.database.owner.query(
        `select last_used_at, xmin::text from api_key where key_hash = sha256($1::bytea)`,
        [key],
      )
    ).rows[0];
  await api.ask('GET', 'hosts', { key });
  const first = await noted();
  expect(Date.now() - first.last_used_at.getTime()).toBeLessThan(60_000);
  await api.ask('GET', 'hosts', { key });
  expect(await noted()).toEqual(first);
});

describe('routes', () => {
  test.each([
    ['neither who may call it', { schema: { response: {} } }],
    [
      'both',
      { config: { public: true as const, authz: { permission: 'host:read' as const } }, schema: { response: {} } },
    ],
  ])('one that declares %s keeps the server from starting', async (_what, options) => {
    await expect(startApi((app) => void app.get('/open', options, async () => 'x'))).rejects.toThrow('GET /open');
  });

  test('one without a response schema keeps the server from starting', async () => {
    const open = startApi((app) => void app.get('/loose', { config: { public: true } }, async () => 'x'));
    await expect(open).rejects.toThrow('no response schema');
  });

  test('every permission there is opens a route or a kind of job', async () => {
    const document = (await api.ask('GET', 'openapi.json')).body;
    const asked = Object.values(document.paths as Record<string, Record<string, { 'x-permission'?: string }>>)
      .flatMap((methods) => Object.values(methods))
      .map((route) => route['x-permission']);
    // Asked inside a handler, at the site of the job it found.
    const inside = ['job:cancel', 'job:read_logs'];
    // Of routes that the document does not show until schedules fire; test/contract/nouns.test.ts holds them.
    const hidden = ['schedule:read', 'schedule:manage'];
    expect(asked.filter((key) => key !== undefined && hidden.includes(key))).toEqual([]);
    const reachable = new Set([...asked, ...inside, ...hidden, ...KINDS.map((kind) => kind.permission)]);
    expect(PERMISSIONS.map((p) => p.key).filter((key) => !reachable.has(key))).toEqual([]);
  });
});
