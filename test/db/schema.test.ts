import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';
import { describeSchema } from '../harness/describe-schema.ts';

const FILE = new URL('../../src/db/schema.sql', import.meta.url);
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database?.drop());

test('src/db/schema.sql is what the migrations make; UPDATE_SCHEMA=1 writes it anew', async () => {
  const made = await describeSchema(database.owner);
  if (process.env.UPDATE_SCHEMA) writeFileSync(FILE, made);
  expect(made).toBe(readFileSync(FILE, 'utf8'));
});

test.each([
  'alter table site alter column name drop not null',
  'alter table site alter column max_jobs set default 3',
  'alter table site drop constraint site_max_jobs_check',
  'create index on site(max_jobs)',
  'drop trigger audit_event_listed on audit_event',
  'alter table site disable row level security',
  'alter policy site_api on site using (true)',
  'grant delete on plan to holdfast_test_g_api',
  'grant update (name) on site to holdfast_test_g_worker',
  'revoke usage on sequence job_order from holdfast_test_g_api',
  'grant execute on function lock_check(uuid) to public',
  'alter function lock_check(uuid) security definer',
  'create view sites as select name from site',
  `create type color as enum ('red')`,
])('it tells of: %s', async (statement) => {
  const before = await describeSchema(database.owner);
  await database.owner.query(`begin; ${statement}`);
  const after = await describeSchema(database.owner);
  await database.owner.query('rollback');
  expect(after).not.toBe(before);
});
