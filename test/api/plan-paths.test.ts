import { afterAll, beforeAll, expect, test } from 'vitest';
import { publicId } from '../../src/lib/ids.ts';
import { host, repository } from '../factories.ts';
import { type ApiBench, startApi } from './bench.ts';

let api: ApiBench;
let local: { hostId: string; repositoryId: string };
let ids: { hostId: string; repositoryId: string };
beforeAll(async () => {
  api = await startApi();
  const { owner } = api.database;
  const machine = await host(owner, api.org, { name: 'db-1' });
  const store = await repository(owner, api.org.id, { name: 'main' });
  const here = await host(owner, api.org, { name: 'local' });
  const folder = await repository(owner, api.org.id, { name: 'folder', url: '/srv/vault' });
  local = { hostId: publicId('host', here.id), repositoryId: publicId('repository', folder.id) };
  ids = { hostId: publicId('host', machine.id), repositoryId: publicId('repository', store.id) };
});
afterAll(() => api?.close());

const make = (plan: object) =>
  api.ask('POST', '/api/v1/plans', { body: { name: 'p', ...ids, paths: ['/srv'], ...plan } });
const first = (answer: { body: { errors: { pointer: string; message: string }[] } }) => answer.body.errors[0];

test('BK-4 BK-20: a plan that would leave out or protect something else than it says is refused at its field', async () => {
  const before = await api.counts();
  for (const exclude of ['~/cache', '$HOME/cache', './cache', 'cache/ ', '[', '!keep', '/srv', '*']) {
    const answer = await make({ excludes: [exclude] });
    expect([exclude, answer.status, first(answer)?.pointer]).toEqual([exclude, 422, '/excludes/0']);
  }
  for (const path of ['srv', '', '~/x', '/srv/../etc', '/srv/\ufffd', '/a\nb']) {
    const answer = await make({ paths: ['/srv', path] });
    expect([path, answer.status, first(answer)?.pointer]).toEqual([path, 422, '/paths/1']);
  }
  expect(await api.counts()).toEqual(before);
});

test("BK-20 M0: a plan inside Holdfast's own data or its own repository is refused when it is made or changed", async () => {
  for (const path of [
    '/opt/holdfast/data',
    '/opt/holdfast/data/',
    '/opt//holdfast/./data/secrets',
    '/srv/vault/keys',
  ]) {
    const answer = await make({ ...local, paths: ['/etc', path] });
    expect([path, answer.status, first(answer)?.pointer]).toEqual([path, 422, '/paths/1']);
  }
  // Elsewhere the folder of that name is another one; the agent of that host knows its own.
  expect((await make({ name: 'elsewhere', paths: ['/opt/holdfast/data'] })).status).toBe(201);
  const around = await make({ ...local, name: 'around', paths: ['/opt/holdfast', '/srv'] });
  expect(around.status).toBe(201);
  const change = { body: { paths: ['/opt/holdfast/data/agent'] } };
  expect(await api.ask('PATCH', `/api/v1/plans/${around.body.id}`, change)).toMatchObject({ status: 422 });
});

test('an exclude that starts with a dash is a pattern like any other', async () => {
  const made = await make({ name: 'dash', excludes: ['-x', '--help'] });
  expect(made).toMatchObject({ status: 201, body: { excludes: ['-x', '--help'] } });
});

test('P2-13: what the schema allows is never "too large": the answer names the limit', async () => {
  const text = (i: number, length: number) => `/${i}`.padEnd(length, '\u20ac');
  const paths = Array.from({ length: 100 }, (_, i) => text(i, 4_000));
  const excludes = Array.from({ length: 200 }, (_, i) => text(i, 4_000));
  expect(first(await make({ paths, excludes }))).toMatchObject({
    pointer: '/paths/0',
    message: expect.stringContaining('4095'),
  });
  const ascii = Array.from({ length: 200 }, (_, i) => `${i}`.padEnd(4_000, 'x'));
  expect(first(await make({ excludes: ascii }))).toMatchObject({
    pointer: '/excludes',
    message: expect.stringContaining('at most 524288'),
  });
  const fits = await make({ name: 'long', excludes: ascii.slice(0, 130) });
  expect(fits).toMatchObject({ status: 201, body: { excludes: { length: 130 } } });
});
