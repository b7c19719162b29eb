import { afterAll, beforeAll, expect, test } from 'vitest';
import { publicId } from '../../src/lib/ids.ts';
import { host, uuid } from '../factories.ts';
import { type ApiBench, startApi } from './bench.ts';

let api: ApiBench;
let hosts: string[];
const STATES = ['succeeded', 'failed', 'cancelled', 'running'] as const;
interface Item {
  id: string;
  state: string;
}

beforeAll(async () => {
  api = await startApi();
  const { owner } = api.database;
  hosts = [(await host(owner, api.org)).id, (await host(owner, api.org)).id];
  for (let i = 0; i < 120; i++)
    await owner.query(
      `insert into job(org_id, id, kind, title, state, host_id, site_id, params, trigger, actor_kind, actor_label, request_id, accepted_at, accepted_day, queue_deadline_at)
       values ($1, $2, 'noop', 'x', $3, $4, $5, '{}', 'key', 'key', 'Ada', 'r', now(), current_date, now())`,
      [api.org.id, uuid(), STATES[i % 4], hosts[i % 2], api.org.siteId],
    );
});
afterAll(() => api?.close());

async function walk(query: string, limit: number): Promise<Item[]> {
  const items: Item[] = [];
  let cursor: string | null = null;
  do {
    const page = await api.ask('GET', `jobs?limit=${limit}${query}${cursor === null ? '' : `&cursor=${cursor}`}`);
    expect(page.status).toBe(200);
    expect(page.body.items.length).toBeLessThanOrEqual(limit);
    items.push(...page.body.items);
    cursor = page.body.nextCursor;
  } while (cursor !== null);
  return items;
}

test.each([
  ['', 7, 120],
  ['', 60, 120],
  ['', 120, 120],
  ['', 200, 120],
  ['&state=failed', 7, 30],
  ['&state=failed&state=running', 7, 60],
  ['&state=failed&state=failed', 50, 30],
  ['&kind=noop&state=succeeded&state=cancelled&state=failed', 13, 90],
  ['&kind=backup', 10, 0],
])('walking jobs%s by %i finds each of the %i once, newest first', async (query, limit, expected) => {
  const ids = (await walk(query, limit)).map((job) => job.id);
  expect(ids).toHaveLength(expected);
  expect(new Set(ids).size).toBe(expected);
  expect([...ids].sort().reverse()).toEqual(ids);
});

test('filters hold on every page', async () => {
  const found = await walk(`&hostId=${publicId('host', hosts[1]!)}&state=failed`, 4);
  expect(found).toHaveLength(30);
  expect(new Set(found.map((job) => job.state))).toEqual(new Set(['failed']));
});

test('jobs that come meanwhile do not move the pages', async () => {
  const first = await api.ask('GET', 'jobs?limit=50');
  await api.ask('POST', 'jobs', { body: { kind: 'noop', target: { hostId: publicId('host', hosts[0]!) } } });
  const second = await api.ask('GET', `jobs?limit=200&cursor=${first.body.nextCursor}`);
  const ids = [...first.body.items, ...second.body.items].map((job: Item) => job.id);
  expect(new Set(ids).size).toBe(120);
});

test('why a job waits is said in words, with its place in the queue', async () => {
  const { owner } = api.database;
  const away = await host(owner, api.org, {
    name: 'db-9',
    present: false,
    lastSeenAt: new Date('2026-11-20T10:00:00Z'),
  });
  const start = (id: string) =>
    api.ask('POST', 'jobs', { body: { kind: 'noop', target: { hostId: publicId('host', id) } } });
  expect((await start(away.id)).body).toMatchObject({
    state: 'waiting',
    reason: 'host_offline',
    waitsFor: 'host db-9 is away since 2026-11-20T10:00:00.000Z',
    queuePosition: null,
  });
  const busy = await host(owner, api.org);
  const [holder, next, third] = [await start(busy.id), await start(busy.id), await start(busy.id)];
  expect(holder.body).toMatchObject({ state: 'queued', waitsFor: null });
  expect(next.body).toMatchObject({ queuePosition: 1, behindJobId: holder.body.id });
  expect(third.body).toMatchObject({ queuePosition: 2, behindJobId: holder.body.id });
  const listed = (await api.ask('GET', 'jobs?state=waiting')).body.items;
  expect(listed.find((j: Item) => j.id === third.body.id).waitsFor).toBe(third.body.waitsFor);
});
