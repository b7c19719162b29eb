import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NOUNS } from '../../src/api/nouns.ts';
import { parsePublicId, publicId } from '../../src/lib/ids.ts';
import { type Answer, type ApiBench, startApi } from '../api/bench.ts';
import { organization, site, uuid } from '../factories.ts';
import { NOUN_FIXTURES, type NounFixture } from './noun-fixtures.ts';

let api: ApiBench;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api?.close());

const telling = ({ status, text, body }: Answer) => ({ status, text: text.replace(body?.requestId ?? 'no id', 'ID') });

/** All of a list, two by two. */
async function walk(path: string, sort: string, key: string): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | null = null;
  do {
    const next = cursor === null ? '' : `&cursor=${cursor}`;
    const page = await api.ask('GET', `${path}?limit=2&sort=${sort}${next}`, { key });
    expect(page.status).toBe(200);
    expect(page.body.items.length).toBeLessThanOrEqual(2);
    ids.push(...page.body.items.map(({ id }: { id: string }) => id));
    cursor = page.body.nextCursor;
  } while (cursor !== null);
  return ids;
}

async function toldOf(id: string) {
  const { owner } = api.database;
  const audit = await owner.query(
    'select action, actor_kind, request_id from audit_event where object_id = $1 order by at, id',
    [id],
  );
  const events = await owner.query(
    `select topic, data->'version' as version from event where subject_id = $1 order by id`,
    [id],
  );
  return { audit: audit.rows, events: events.rows };
}

describe.each(NOUNS.map(({ noun }) => [noun.noun, noun] as const))('UX-3: %s', (name, noun) => {
  const fixture: NounFixture = NOUN_FIXTURES[name]!;
  const path = noun.path.slice(1);
  const at = (id: string) => `${path}/${publicId(noun.noun, id)}`;
  const here = () => ({ org: api.org, siteId: api.org.siteId });
  const make = () => fixture.make(api, here());

  test('its fixture has all that its routes have', () => {
    const has = (method: 'POST' | 'PATCH' | 'DELETE', url: string) =>
      api.app.hasRoute({ method, url: `/api/v1${url}` });
    expect({ post: 'create' in fixture, patch: 'change' in fixture, delete: 'remove' in fixture }).toEqual({
      post: has('POST', noun.path),
      patch: has('PATCH', `${noun.path}/:id`),
      delete: has('DELETE', `${noun.path}/:id`),
    });
    expect(Object.keys(fixture.filters).sort()).toEqual(Object.keys(noun.filters).sort());
  });

  test('a list runs either way over its pages, without a gap or a double, and holds nothing of another organisation', async () => {
    const other = await organization(api.database.owner);
    const key = await api.newKey({}, other.id);
    const before = await walk(path, 'createdAt', key);
    const made: string[] = [];
    for (let i = 0; i < 5; i++)
      made.push(publicId(noun.noun, await fixture.make(api, { org: other, siteId: other.siteId })));
    await make();
    // Ids sort by the millisecond; two of the same one are in no order of ours.
    const all = [...before, ...made].sort();
    expect(await walk(path, 'createdAt', key)).toEqual(all);
    expect(await walk(path, '-createdAt', key)).toEqual(all.toReversed());
  });

  test('each filter finds what it says, and only that', async () => {
    const [id] = [await make(), await make()];
    const shown = (await api.ask('GET', at(id))).body;
    for (const [filter, value] of Object.entries(fixture.filters)) {
      const found = await api.ask('GET', `${path}?${filter}=${encodeURIComponent(value(shown))}`);
      expect([filter, found.body.items]).toEqual([filter, [shown]]);
    }
  });

  test.each(['surprise=1', 'sort=name', 'limit=0', 'limit=201', 'cursor=x'])('a list refuses %s', async (query) => {
    const [parameter] = query.split('=');
    const refused = await api.ask('GET', `${path}?${query}`);
    expect(refused.body).toMatchObject({ status: 422, errors: [{ pointer: parameter }] });
  });

  test('one of another organisation answers exactly as one that is not there, whatever is asked', async () => {
    const other = await organization(api.database.owner);
    const [theirs, nobodys] = [await fixture.make(api, { org: other, siteId: other.siteId }), uuid()];
    const asked: [string, object][] = [['GET', {}]];
    if (fixture.change) asked.push(['PATCH', { body: fixture.change.body }]);
    if (fixture.remove) asked.push(['DELETE', {}]);
    const before = await api.counts();
    for (const [method, more] of asked) {
      const answer = await api.ask(method, at(theirs), more);
      expect([method, telling(answer)]).toEqual([method, telling(await api.ask(method, at(nobodys), more))]);
      expect(answer.status).toBe(404);
    }
    expect(await api.counts()).toEqual(before);
  });

  test('who may not see it is refused with the permission, who may see and not change it too', async () => {
    const id = await make();
    const blind = await api.newKey({ scopes: ['job:read', 'job:start'] });
    for (const place of [path, at(id)])
      expect((await api.ask('GET', place, { key: blind })).body).toMatchObject({
        status: 403,
        required: noun.permission,
      });
    const viewer = await api.newKey({ roles: [['viewer', null]] });
    const asked: [string, string, object][] = [];
    if (fixture.create) asked.push(['POST', path, { body: await fixture.create(api) }]);
    if (fixture.change) asked.push(['PATCH', at(id), { body: fixture.change.body }]);
    if (fixture.remove) asked.push(['DELETE', at(id), {}]);
    const before = await api.counts();
    for (const [method, place, more] of asked)
      expect((await api.ask(method, place, { ...more, key: viewer })).body).toMatchObject({
        status: 403,
        required: fixture.manage,
      });
    expect(await api.counts()).toEqual(before);
    expect((await api.ask('GET', at(id), { key: viewer })).status).toBe(200);
  });

  if (noun.rows.site !== null)
    test('a role at one site sees what is there and nothing else, and changes nothing by a role at another', async () => {
      const { owner } = api.database;
      const [north, south] = [await site(owner, api.org.id), await site(owner, api.org.id)];
      // What is made may be the site itself, or stand at it.
      const made = async (siteId: string) =>
        name === 'site' ? siteId : await fixture.make(api, { org: api.org, siteId });
      const [seen, hidden] = [await made(north), await made(south)];
      const key = await api.newKey({ roles: [['viewer', north]] });
      expect((await api.ask('GET', path, { key })).body.items).toMatchObject([{ id: publicId(noun.noun, seen) }]);
      expect((await api.ask('GET', at(hidden), { key })).status).toBe(404);
      const elsewhere = await api.newKey({
        roles: [
          ['viewer', north],
          ['admin', south],
        ],
      });
      const asked: [string, object][] = [];
      if (fixture.change) asked.push(['PATCH', { body: fixture.change.body }]);
      if (fixture.remove) asked.push(['DELETE', {}]);
      for (const [method, more] of asked)
        expect((await api.ask(method, at(seen), { ...more, key: elsewhere })).body).toMatchObject({
          status: 403,
          required: fixture.manage,
        });
    });

  const { create, change, remove } = fixture;
  if (create) {
    test('it is made once for each Idempotency-Key, is where Location says, and is told of', async () => {
      const body = await create(api);
      const send = (sent: object, key = `once-${name}`) =>
        api.ask('POST', path, { body: sent, headers: { 'idempotency-key': key, 'x-request-id': 'request-1' } });
      const made = await send(body);
      expect(made).toMatchObject({
        status: 201,
        headers: { location: `/api/v1/${path}/${made.body.id}`, etag: '"1"' },
      });
      const before = await api.counts();
      const again = await send(body);
      expect([again.status, again.body.id]).toEqual([201, made.body.id]);
      expect((await send({ ...body, name: 'another' })).body).toMatchObject({
        status: 422,
        code: 'idempotency-key-reused',
      });
      expect(await api.counts()).toEqual(before);
      const shown = await api.ask('GET', `${path}/${made.body.id}`);
      expect(made.body).toMatchObject(shown.body);
      expect(await toldOf(parsePublicId(noun.noun, made.body.id)!)).toEqual({
        audit: [{ action: `${name}.create`, actor_kind: 'key', request_id: 'request-1' }],
        events: [{ topic: `${name}.changed`, version: 1 }],
      });
    });

    test('a name that is taken and a field that nobody declared are refused with the field, and nothing is written', async () => {
      const body = await create(api);
      expect((await api.ask('POST', path, { body })).status).toBe(201);
      const before = await api.counts();
      const other = name === 'repository' ? { url: '/srv/elsewhere' } : {};
      const taken = await api.ask('POST', path, { body: { ...body, ...other } });
      expect(taken.body).toMatchObject({ status: 409, code: 'name-taken', errors: [{ pointer: '/name' }] });
      const odd = await api.ask('POST', path, { body: { ...body, name: 'odd', surprise: 1 } });
      expect(odd.body).toMatchObject({ status: 422, errors: [{ pointer: '/surprise' }] });
      expect(await api.counts()).toEqual(before);
    });
  }

  if (change)
    test('a change counts by the version that was seen, and is told of', async () => {
      const id = await make();
      const seen = await api.ask('GET', at(id));
      const send = (body: object, version: string) =>
        api.ask('PATCH', at(id), { body, headers: { 'if-match': version, 'x-request-id': 'request-2' } });
      const changed = await send(change.body, seen.headers.etag!);
      expect(changed).toMatchObject({ status: 200, headers: { etag: '"2"' }, body: { ...change.body, version: 2 } });
      const before = await api.counts();
      expect((await send(change.body, seen.headers.etag!)).body).toMatchObject({
        status: 412,
        code: 'version-conflict',
      });
      const odd = await send({ ...change.body, surprise: 1 }, '*');
      expect(odd.body).toMatchObject({ status: 422, errors: [{ pointer: '/surprise' }] });
      expect((await send({}, '*')).status).toBe(422);
      expect(await api.counts()).toEqual(before);
      expect((await api.ask('GET', at(id))).body).toEqual(changed.body);
      expect(await toldOf(id)).toEqual({
        audit: [{ action: change.action, actor_kind: 'key', request_id: 'request-2' }],
        events: [{ topic: `${name}.changed`, version: 2 }],
      });
    });

  if (remove)
    test('it is removed by the version that was seen, is gone then, and is told of', async () => {
      const id = await make();
      const send = (version: string) =>
        api.ask('DELETE', at(id), { headers: { 'if-match': version, 'x-request-id': 'request-3' } });
      expect((await send('"7"')).body).toMatchObject({ status: 412, code: 'version-conflict' });
      expect((await api.ask('GET', at(id))).status).toBe(200);
      expect((await send('"1"')).status).toBe(204);
      expect((await api.ask('GET', at(id))).status).toBe(404);
      expect((await send('*')).status).toBe(404);
      expect((await api.ask('GET', `${path}?limit=200`)).text).not.toContain(publicId(noun.noun, id));
      expect(await toldOf(id)).toEqual({
        audit: [{ action: `${name}.remove`, actor_kind: 'key', request_id: 'request-3' }],
        events: [{ topic: `${name}.changed`, version: 2 }],
      });
    });
});

test('every noun has a fixture', () => {
  expect(Object.keys(NOUN_FIXTURES).sort()).toEqual(NOUNS.map(({ noun }) => noun.noun).sort());
});
