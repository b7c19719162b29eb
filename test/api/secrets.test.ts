import { afterAll, beforeAll, expect, test } from 'vitest';
import { Failure } from '../../src/lib/failure.ts';
import { parsePublicId } from '../../src/lib/ids.ts';
import { open } from '../../src/lib/seal.ts';
import { type ApiBench, startApi } from './bench.ts';

const CANARY = 'canary-7f3a9c1e5b';
let api: ApiBench;
beforeAll(async () => {
  const hidden = { config: { public: true as const }, schema: { response: {} } };
  api = await startApi((app) => {
    app.get('/test/throws', hidden, async () => {
      throw new Error(`cannot open with password=${CANARY}`);
    });
    app.get('/test/fails', hidden, async () => {
      throw new Failure('sealed-damaged', `token=${CANARY} was changed`, { fault: 'operator' });
    });
    app.get('/test/throws-text', hidden, async () => {
      throw `secret: ${CANARY}`;
    });
    app.get('/test/sql', hidden, async () => {
      throw Object.assign(new Error(`insert into x values ('${CANARY}') - duplicate key`), { code: '23505' });
    });
    app.get('/test/gone', hidden, async () => {
      throw new Error('query failed', { cause: Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }) });
    });
  });
});
afterAll(() => api?.close());

test.each(['throws', 'fails', 'throws-text', 'sql'])(
  'what is our fault (%s) says only the request id',
  async (path) => {
    const answer = await api.ask('GET', `/test/${path}`);
    expect(answer.body).toEqual({
      type: '/problems/internal',
      title: 'Our fault',
      status: 500,
      code: 'internal',
      requestId: answer.headers['x-request-id'],
    });
    expect(api.logged()).toContain(answer.body.requestId);
  },
);

test('a database that is away is 503 with a time to come back', async () => {
  const answer = await api.ask('GET', '/test/gone');
  expect(answer).toMatchObject({ status: 503, body: { code: 'unavailable' } });
  expect(answer.headers['retry-after']).toBe('2');
});

test('a password is sealed for its own place, and is in no answer and no log line', async () => {
  const made = await api.ask('POST', 'repositories', { body: { name: 'kept', url: '/srv/kept', password: CANARY } });
  expect(made).toMatchObject({ status: 201, body: { hasPassword: true, password: null } });
  const changed = await api.ask('PUT', `repositories/${made.body.id}/credentials`, {
    body: { password: `${CANARY}-2` },
    headers: { 'if-match': '"1"' },
  });
  expect(changed).toMatchObject({ status: 200, body: { hasPassword: true, version: 2 } });
  const stale = await api.ask('PUT', `repositories/${made.body.id}/credentials`, {
    body: { password: `${CANARY}-3` },
    headers: { 'if-match': '"1"' },
  });
  expect(stale).toMatchObject({ status: 412, body: { code: 'version-conflict' } });
  const bad = await api.ask('POST', 'repositories', {
    body: { name: 'x', url: `rest:https://ada:${CANARY}@example.org/`, password: CANARY },
  });
  const worse = await api.ask('POST', 'repositories', {
    body: { name: CANARY.repeat(20), url: '/srv/x', password: CANARY, [CANARY]: 1 },
  });
  const seen = [
    made,
    changed,
    stale,
    bad,
    await api.ask('GET', 'repositories'),
    await api.ask('GET', `repositories/${made.body.id}`),
  ];
  for (const answer of seen) expect(answer.text + JSON.stringify(answer.headers)).not.toContain(CANARY);
  expect(worse.status).toBe(422);
  await api.ask('GET', `hosts?name=${CANARY}`);
  await api.ask('GET', 'hosts', { headers: { authorization: `Bearer hfk_${CANARY}` } });
  await api.ask('GET', 'hosts', { headers: { cookie: `session=${CANARY}` } });
  expect(api.logged()).not.toContain(CANARY);
  expect(api.logged()).not.toContain(api.key);
  const row = parsePublicId('repository', made.body.id)!;
  const kept = await api.database.owner.query('select sealed from secret where row_id = $1 order by secret_version', [
    row,
  ]);
  const context = { table: 'repository', row, column: 'password', organisation: api.org.id };
  expect(kept.rows.map((r) => open(api.parts.keyring, context, r.sealed).toString())).toEqual([CANARY, `${CANARY}-2`]);
  const told = await api.database.owner.query(
    `select (select json_agg(a)::text from audit_event a) || (select json_agg(e)::text from event e) as text`,
  );
  expect(told.rows[0].text).not.toContain(CANARY);
});

test('the request id of the caller is in the answer, the log and the audit; one that is not fit is replaced', async () => {
  const mine = await api.ask('POST', 'repositories', {
    body: { name: 'traced', url: '/srv/traced' },
    headers: { 'x-request-id': 'trace-4711-abc' },
  });
  expect(mine.headers['x-request-id']).toBe('trace-4711-abc');
  const audit = await api.database.owner.query(
    `select action, actor_kind, object_label from audit_event where request_id = 'trace-4711-abc'`,
  );
  expect(audit.rows).toEqual([{ action: 'repository.create', actor_kind: 'key', object_label: 'traced' }]);
  expect(api.logged()).toContain('trace-4711-abc');
  for (const bad of ['short', 'x'.repeat(65), 'a b c d e f', '<script>alert(1)</script>'])
    expect((await api.ask('GET', 'hosts', { headers: { 'x-request-id': bad } })).headers['x-request-id']).toMatch(
      /^req_[0-9a-f]{24}$/,
    );
});
