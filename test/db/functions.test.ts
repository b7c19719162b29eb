import { afterEach, beforeEach, expect, test } from 'vitest';
import { withPrefix } from '../../migrations/base.ts';
import { MIGRATION_NAMES, MIGRATIONS } from '../../migrations/index.ts';
import { migrate } from '../../src/db/core/migrate.ts';
import { FUNCTIONS, functionText } from '../../src/db/functions/index.ts';
import { organization } from '../factories.ts';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';

const rolePrefix = 'holdfast_test';
const CHANGED = `create or replace function lock_enter(p_org uuid) returns void language plpgsql as $$ begin end $$`;

/** The newest migration that does nothing but say that functions changed. */
const MARK = MIGRATIONS.findLast((migration) => 'functions' in migration)!.name;

let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(() => database?.drop());

const migrateAgain = () => migrate({ ownerUrl: database.ownerUrl, rolePrefix, urls: database.urls });

/** Every function of the schema with its whole definition and who may call it. */
async function functionsThere(): Promise<{ name: string; made: string; rights: string }[]> {
  const { rows } = await database.owner.query(
    `select proname as name, pg_get_functiondef(oid) as made, (select array_agg(x::text order by x::text) from unnest(proacl) x)::text as rights
       from pg_proc where pronamespace = 'public'::regnamespace order by oid::regprocedure::text`,
  );
  return rows;
}
const bodyOf = async (name: string) => (await functionsThere()).find((one) => one.name === name)?.made;

test('the functions of a migrated database are those of the files, word for word, and no other', async () => {
  const migrated = await functionsThere();
  await database.owner.query(
    `do $$ declare f regprocedure; begin
       for f in select oid from pg_proc where pronamespace = 'public'::regnamespace loop execute 'drop function ' || f || ' cascade'; end loop;
     end $$`,
  );
  expect(await functionsThere()).toEqual([]);
  for (const name of FUNCTIONS) await database.owner.query(withPrefix(functionText(name), rolePrefix));
  expect(migrated).toEqual(await functionsThere());
  expect(new Set(migrated.map(({ name }) => name))).toEqual(new Set(FUNCTIONS));
});

test('each migrate makes them anew, with the rights that the files give', async () => {
  const before = await functionsThere();
  await database.owner.query(CHANGED);
  await database.owner.query('grant execute on function lock_check(uuid) to holdfast_test_g_gateway');
  await database.owner.query('revoke execute on function lock_try from holdfast_test_g_api');
  expect(await functionsThere()).not.toEqual(before);
  expect(await migrateAgain()).toEqual({ applied: [] });
  expect(await functionsThere()).toEqual(before);
});

test('RUN-14: they are made anew beside transactions that have called them', async () => {
  const { id } = await organization(database.owner);
  await database.owner.query('begin');
  await database.owner.query('select lock_enter($1)', [id]);
  expect(await migrateAgain()).toEqual({ applied: [] });
  await database.owner.query('select lock_enter($1)', [id]);
  await database.owner.query('commit');
});

test('RUN-14: where a newer program has been its functions stay, and what this one lacks is made', async () => {
  const before = await bodyOf('lock_check');
  await database.owner.query(CHANGED);
  await database.owner.query('drop function lock_check');
  await database.owner.query(`insert into migration(name, executed_at) values ('209901010000_things_to_come', now())`);
  await database.owner.query('delete from migration where name = $1', [MARK]);
  expect(await migrateAgain()).toEqual({ applied: [MARK] });
  expect(await bodyOf('lock_enter')).not.toContain('pg_advisory_xact_lock');
  expect(await bodyOf('lock_check')).toBe(before);
});

test('a function that cannot be made undoes the migrations that came before it', async () => {
  await database.owner.query('drop function lock_check');
  await database.owner.query('create function lock_check(p_org uuid) returns int language sql return 1');
  await database.owner.query('delete from migration where name = $1', [MARK]);
  await expect(migrateAgain()).rejects.toThrow('cannot change return type');
  const names = (await database.owner.query('select name from migration order by id')).rows.map(({ name }) => name);
  expect(names).toEqual(MIGRATION_NAMES.filter((name) => name !== MARK));
});
