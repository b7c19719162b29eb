import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ApiBench, startApi } from './bench.ts';

let api: ApiBench;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api?.close());

const started = async () => (await api.ask('POST', '/api/v1/jobs', { body: { kind: 'noop' } })).body.id as string;

test('UX-3: a list runs either way, over its pages, without a gap or a double', async () => {
  const made: string[] = [];
  for (let i = 0; i < 7; i++) made.push(await started());
  for (const [sort, wanted] of [
    ['createdAt', made],
    ['-createdAt', made.toReversed()],
  ] as const) {
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const more: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const page = await api.ask('GET', `/api/v1/jobs?limit=3&sort=${sort}${more}`);
      expect(page.status).toBe(200);
      seen.push(...page.body.items.map((job: { id: string }) => job.id));
      cursor = page.body.nextCursor;
    }
    expect(seen).toEqual(wanted);
  }
  expect((await api.ask('GET', '/api/v1/jobs?sort=name')).status).toBe(422);
});

test('UX-3: rows say what may be done by whoever asks, and what comes next', async () => {
  const id = await started();
  const mine = (await api.ask('GET', `/api/v1/jobs/${id}`)).body;
  expect(mine).toMatchObject({ allowed: { cancel: true, logs: true }, nextAction: 'wait' });
  const key = await api.newKey({ scopes: ['job:read'] });
  const theirs = (await api.ask('GET', `/api/v1/jobs/${id}`, { key })).body;
  expect(theirs.allowed).toMatchObject({ cancel: 'needs the permission job:cancel' });
});
