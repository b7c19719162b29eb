import { afterAll, beforeAll, expect, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { migrate } from '../../src/db/core/migrate.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { systemRandom } from '../../src/lib/ids.ts';
import { openLoginDatabase } from '../../src/processes/place/open-login.ts';
import { type ApiBench, startApi } from './bench.ts';

let api: ApiBench;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api?.close());

const rolePrefix = 'holdfast_test';
const migrateAsThisProgram = () => migrate({ ownerUrl: api.database.ownerUrl, rolePrefix, urls: api.database.urls });
/** A replica of this program that starts now. */
const startReplica = async () => {
  const config = readConfig({ HOLDFAST_DATA: '/nowhere', DATABASE_URL_API: api.database.urls.api });
  await (await openLoginDatabase(config, 'api', 1, { clock: systemClock, random: systemRandom })).close();
};
const ready = async () => await api.ask('GET', '/readyz', { key: null });

test('RUN-14: what a newer program added keeps no older one from serving, restarting or migrating', async () => {
  const { owner } = api.database;
  await owner.query('create table things_to_come(id int); alter table site add column color_to_come text');
  await owner.query(`insert into migration(name, executed_at) values ('209901010000_things_to_come', now())`);
  expect(await ready()).toMatchObject({
    status: 200,
    body: { parts: { schema: { state: 'ok', detail: expect.stringContaining('newer than this program') } } },
  });
  expect((await api.ask('GET', 'sites')).status).toBe(200);
  const started = await api.ask('POST', 'jobs', { body: { kind: 'noop', params: {} } });
  expect(started.status).toBe(202);
  await startReplica();
  expect(await migrateAsThisProgram()).toEqual({ applied: [] });
});

test('RUN-14: one that says it breaks the programs of before keeps them out, with what to do', async () => {
  await api.database.owner.query(
    `insert into migration(name, executed_at) values ('209901020000_columns_removed_breaking', now())`,
  );
  expect(await ready()).toMatchObject({ status: 503, body: { parts: { schema: { state: 'wrong' } } } });
  await expect(startReplica()).rejects.toThrow(/209901020000_columns_removed_breaking.*Start the newer program/);
  await expect(migrateAsThisProgram()).rejects.toThrow(/Start the newer program/);
});
