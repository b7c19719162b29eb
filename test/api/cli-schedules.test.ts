import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { publicId } from '../../src/lib/ids.ts';
import { host, organization, plan, repository } from '../factories.ts';
import { type ApiBench, startApi } from './bench.ts';

const MAIN = new URL('../../scripts/main.mjs', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'holdfast-cli-schedules-'));
let api: ApiBench;
let url: string;
let planId: string;

beforeAll(async () => {
  api = await startApi();
  url = await api.app.listen({ host: '127.0.0.1', port: 0 });
  planId = await newPlan('web');
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await api?.close();
});

async function newPlan(name: string, org = api.org): Promise<string> {
  const { owner } = api.database;
  const [machine, store] = [await host(owner, org), await repository(owner, org.id)];
  return publicId('plan', (await plan(owner, org.id, { hostId: machine.id, repositoryId: store.id, name })).id);
}
const holdfast = (...args: string[]) =>
  new Promise<{ code: number; out: string; err: string }>((resolve) => {
    const env = { PATH: process.env.PATH, HOLDFAST_DATA: folder, HOLDFAST_URL: url, HOLDFAST_API_KEY: api.key };
    execFile(process.execPath, [MAIN, ...args], { cwd: folder, env }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });
const create = (body: object) => api.ask('POST', 'schedules', { body: { name: 'x', planId, ...body } });

test('a schedule is made, shown, changed and removed from the command line, which says that nothing fires', async () => {
  const made = await holdfast(
    'schedules',
    'create',
    'nightly',
    '--plan',
    'web',
    '--at',
    '30 2 * * *',
    '--zone',
    'Europe/Berlin',
  );
  expect(made, made.err).toMatchObject({ code: 0 });
  expect(made.out).toMatch(/Times +30 2 \* \* \* in Europe\/Berlin\n.*on\n.*not yet/);
  expect((await holdfast('schedules', 'list')).out).toMatch(/nightly +web/);
  const edited = await holdfast('schedules', 'edit', 'nightly', '--at', '0 3 * * *', '--off', '--output', 'json');
  expect(JSON.parse(edited.out)).toMatchObject({ spec: '0 3 * * *', timeZone: 'Europe/Berlin', enabled: false });
  expect((await holdfast('schedules', 'edit', 'nightly')).code).not.toBe(0);
  expect((await holdfast('schedules', 'remove', 'nightly')).out).toContain('schedule nightly');
  expect((await holdfast('schedules', 'show', 'nightly')).err).toContain('There is no schedule "nightly".');
});

test('while nothing fires neither help nor the API document speak of schedules', async () => {
  expect((await holdfast('--help')).out).not.toContain('schedules');
  expect((await api.ask('GET', 'openapi.json')).text).not.toContain('schedules');
});

test.each([
  [{ spec: 'at night' }, '/spec'],
  [{ spec: '61 * * * *' }, '/spec'],
  [{ spec: '* * * * * *' }, '/spec'],
  [{ spec: '0 0 30 2 *' }, '/spec'],
  [{ spec: '0 2 * * *', timeZone: 'Mars/Base' }, '/timeZone'],
])('times that are none are refused with the field: %j', async (body, pointer) => {
  const before = await api.counts();
  expect((await create(body)).body).toMatchObject({ status: 422, code: 'invalid-input', errors: [{ pointer }] });
  expect(await api.counts()).toEqual(before);
});

test('a change is judged with what stays: the times by the zone, and the zone by the times', async () => {
  const { body } = await create({ name: 'judged', spec: '0 2 * * *' });
  const wrong = await api.ask('PATCH', `schedules/${body.id}`, { body: { timeZone: 'Nowhere' } });
  expect(wrong.body).toMatchObject({ status: 422, errors: [{ pointer: '/timeZone' }] });
  const right = await api.ask('PATCH', `schedules/${body.id}`, { body: { timeZone: 'Asia/Tokyo' } });
  expect(right.body).toMatchObject({ spec: '0 2 * * *', timeZone: 'Asia/Tokyo', version: 2 });
});

test('a plan of another organisation is as one that is not there, and with a plan its schedules go', async () => {
  const theirs = await newPlan('theirs', await organization(api.database.owner));
  const refused = await create({ planId: theirs, spec: '0 2 * * *' });
  expect(refused.body).toMatchObject({ status: 422, code: 'unknown-target', errors: [{ pointer: '/planId' }] });
  const mine = await newPlan('mine');
  const { body } = await create({ name: 'goes', planId: mine, spec: '0 2 * * *' });
  expect((await api.ask('GET', `schedules/${body.id}`)).status).toBe(200);
  await api.ask('DELETE', `plans/${mine}`);
  expect((await api.ask('GET', `schedules/${body.id}`)).status).toBe(404);
  expect((await api.ask('GET', 'schedules?name=goes')).body.items).toEqual([]);
});
