import type pg from 'pg';
import { instance, withPrefix } from '../../../migrations/base.ts';
import { MIGRATION_NAMES, SCHEMA_VERSION } from '../../../migrations/index.ts';
import { judgeSchema, type SchemaVerdict } from '../../domain/instance/schema-version.ts';
import { Failure } from '../../lib/failure.ts';
import { FUNCTIONS, functionText } from '../functions/index.ts';
import { closeDatabase, ensureLogins, type LoginUrls } from './logins.ts';
import { openOrm } from './orm.ts';
import { GROUPS, groupRole } from './policies.ts';
import { ScramClient } from './scram-client.ts';

export interface MigrateOptions {
  readonly ownerUrl: string;
  readonly rolePrefix: string;
  readonly urls: LoginUrls;
}

/** What is to be done about the schema; throws when a newer program has been here whose schema this one cannot live with. */
function neededHere(applied: readonly string[]): Exclude<SchemaVerdict, 'breaking'> {
  const verdict = judgeSchema(applied, MIGRATION_NAMES);
  if (verdict !== 'breaking') return verdict;
  throw new Failure(
    'schema-newer',
    `The database has a newer schema (${applied.at(-1)}) than this program knows (${SCHEMA_VERSION}). Start the newer program, or restore the database from before its upgrade.`,
    { fault: 'operator' },
  );
}

/** The migrations that the database has, oldest first; none when it is empty. */
export async function appliedMigrations(client: pg.Client): Promise<string[]> {
  const there = await client.query(`select to_regclass('public.migration') is not null as there`);
  if (!there.rows[0].there) return [];
  return (await client.query('select name from migration order by id')).rows.map((row) => row.name);
}

/** Brings schema and functions up to date and makes the logins. Safe to run again and from several replicas at once. */
export async function migrate(options: MigrateOptions): Promise<{ applied: string[] }> {
  const owner = new ScramClient({ connectionString: options.ownerUrl, connectionTimeoutMillis: 5_000 });
  await owner.connect();
  try {
    // Session-level on a connection of our own: migrations run on another one, in their own transaction.
    await owner.query('select pg_advisory_lock(7000, 1)');
    const before = await appliedMigrations(owner);
    const verdict = neededHere(before);
    await ensureLogins(owner, options.rolePrefix, options.urls);
    if (verdict !== 'newer') await runMigrations(options, await functionsToKeep(owner, before));
    await closeDatabase(owner, options.urls);
    const after = await appliedMigrations(owner);
    return { applied: after.filter((name) => !before.includes(name)) };
  } finally {
    await owner.end();
  }
}

/** Where a newer program has been, its functions stay: it may be at work, and ours are older. */
async function functionsToKeep(client: pg.Client, applied: readonly string[]): Promise<string[]> {
  if (applied.every((name) => MIGRATION_NAMES.includes(name))) return [];
  const there = await client.query(`select proname from pg_proc where pronamespace = 'public'::regnamespace`);
  return there.rows.map((row) => row.proname);
}

/** Each file gives the rights on its function; one that it does not give any more goes. */
const NO_RIGHTS = `revoke all on all functions in schema public from public, ${GROUPS.map(groupRole).join(', ')}`;

/** Makes what is missing, and every function anew: all of it or nothing. */
async function runMigrations(options: MigrateOptions, kept: readonly string[]): Promise<void> {
  instance.rolePrefix = options.rolePrefix;
  const orm = await openOrm({
    url: options.ownerUrl,
    poolMax: 1,
    transactionTimeoutMs: null,
    applicationName: 'holdfast migrate',
  });
  try {
    // Makes the migrator's own table, outside the transaction; the pool has no second connection to do so inside.
    await orm.migrator.getPending();
    const connection = orm.em.getDriver().getConnection();
    await connection.transactional(async (transaction) => {
      await orm.migrator.up({ transaction });
      const statements = FUNCTIONS.filter((name) => !kept.includes(name)).map(functionText);
      if (kept.length === 0) statements.unshift(NO_RIGHTS);
      for (const statement of statements)
        await connection.execute(withPrefix(statement, options.rolePrefix), [], 'run', transaction);
    });
  } finally {
    await orm.close(true);
  }
}
