import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { MIGRATIONS } from '../../migrations/index.ts';

/** What each migration does, once it is merged. One that was edited would make fresh databases other than those that have run it. */
const FROZEN: Readonly<Record<string, string>> = {
  '202611210001_first': 'fa2edbe64ca5',
  '202611210003_upkeep': 'ec016143ba2f',
  '202611210004_presence': 'df22e8beb38a',
  '202611210005_audit_chain': 'bbc494306abb',
  '202611210006_runs_under_way': '4336282befbd',
  '202611210007_verify_host': '86f3bd316669',
  '202611210008_log_bytes': '85c4495d591a',
  '202611210009_caps': 'c7f14c43d21b',
  '202611210010_lock_enter': '40a6bd0d2061',
  '202611270021_plan_deleted': '720f5c388568',
  '202611270022_repository_identity': 'fa99a81cbe65',
  '202611280030_site_remove': '2065afc34cf1',
  '202611280040_schedules': '6cca9fac5d75',
};

/** Of its statements, without lines that are a comment. */
function digestOf(statements: readonly unknown[]): string {
  const text = statements.join(';\n').replaceAll(/^ *--.*\n/gm, '');
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

function statementsOf({ class: Migration }: (typeof MIGRATIONS)[number]): readonly unknown[] {
  const migration = new Migration(undefined as never, undefined as never);
  migration.up();
  return migration.getQueries();
}

test('a migration that is merged does for ever what it did; a new one gets a line', () => {
  const doing = MIGRATIONS.filter((one) => !('functions' in one));
  const does = Object.fromEntries(doing.map((one) => [one.name, digestOf(statementsOf(one))]));
  expect(does, 'a line for a new migration goes into FROZEN; an old one that changed goes back to what it was').toEqual(
    FROZEN,
  );
});

test('its digest changes with a statement, not with a comment above one', () => {
  expect(digestOf(['select 1'])).not.toBe(digestOf(['select 2']));
  expect(digestOf(['-- One.\nselect 1'])).toBe(digestOf(['select 1']));
});
