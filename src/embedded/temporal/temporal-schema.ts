import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ScramClient } from '../../db/core/scram-client.ts';
import { type Env, type Report, StartProblem } from '../../processes/place/start-problem.ts';
import { ensureDatabase } from '../postgres/postgres.ts';
import { runShort } from '../programs/run-short.ts';

interface TemporalSchemaOptions {
  sqlTool: { path: string; version: string };
  /** A login that may create roles and databases. */
  ownerUrl: string;
  /** `<data>/temporal`: keeps the login's password and what was last done. */
  dir: string;
  role?: string;
  databases?: { main: string; visibility: string };
  env: Env;
  report: Report;
}

/** How the Temporal server reaches its two databases. */
export interface TemporalStore {
  host: string;
  port: number;
  user: string;
  password: string;
  databases: { main: string; visibility: string };
}

const DATABASES = { main: 'temporal', visibility: 'temporal_visibility' };

function keptPassword(dir: string): string {
  const file = join(dir, 'database-password');
  if (!existsSync(file)) {
    writeFileSync(`${file}.new`, randomBytes(24).toString('base64url'), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }
  return readFileSync(file, 'utf8').trim();
}

/** A login of its own that owns the two databases and nothing else; nobody but it (and superusers) may connect to them. */
async function ensureLogin(ownerUrl: string, store: TemporalStore): Promise<void> {
  const client = new ScramClient({ connectionString: ownerUrl });
  await client.connect();
  try {
    const { rowCount } = await client.query('select 1 from pg_roles where rolname = $1', [store.user]);
    const verb = rowCount === 0 ? 'create' : 'alter';
    const role = client.escapeIdentifier(store.user);
    await client.query(
      `${verb} role ${role} login nosuperuser nocreatedb nocreaterole password ${client.escapeLiteral(store.password)}`,
    );
    for (const database of Object.values(store.databases)) {
      await ensureDatabase(ownerUrl, database, store.user);
      await client.query(`revoke connect, temporary on database ${client.escapeIdentifier(database)} from public`);
    }
  } finally {
    await client.end();
  }
}

/** The schema version inside the database: null for an empty one, undefined when login or database is missing. */
async function schemaVersion(store: TemporalStore, database: string): Promise<string | null | undefined> {
  const { host, port, user, password } = store;
  const client = new ScramClient({ host, port, user, password, database });
  try {
    await client.connect();
    const { rows } = await client.query<{ curr_version: string }>('select curr_version from schema_version limit 1');
    return rows[0]?.curr_version ?? null;
  } catch (error) {
    const code = (error as { code?: string }).code;
    if (code === '42P01') return null;
    if (code === '28P01' || code === '28000' || code === '3D000' || code === '42501') return undefined;
    throw error;
  } finally {
    await client.end().catch(() => {});
  }
}

async function runTool(
  options: TemporalSchemaOptions,
  store: TemporalStore,
  database: string,
  args: string[],
): Promise<void> {
  const { sqlTool, env } = options;
  // The password goes by environment: arguments can be read by every user of the machine.
  const login = {
    SQL_HOST: store.host,
    SQL_PORT: String(store.port),
    SQL_USER: store.user,
    SQL_PASSWORD: store.password,
  };
  const ran = await runShort(sqlTool.path, args, {
    env: { ...env, ...login, SQL_DATABASE: database, SQL_PLUGIN: 'postgres12_pgx' },
    timeoutMs: 120_000,
  });
  if (ran.code === 0) return;
  const why = (ran.stderr || ran.stdout).trim().split('\n').slice(-2).join(' | ');
  throw new StartProblem(
    `Temporal's schema tool failed at \`${args.join(' ')}\`: ${why}`,
    `database ${database} on ${store.host}:${store.port}`,
    'Mend that and start again. Temporal keeps nothing that Holdfast cannot rebuild: dropping this database is safe.',
  );
}

/**
 * Which two databases these are: dropped and made anew they have other numbers. Null while one of them is missing;
 * throws when the server cannot be asked.
 */
export async function databaseNumbers(ownerUrl: string, databases = DATABASES): Promise<string | null> {
  const client = new ScramClient({ connectionString: ownerUrl, connectionTimeoutMillis: 2_000 });
  try {
    await client.connect();
    const names = Object.values(databases);
    const { rows } = await client.query<{ oid: string }>(
      'select oid::text from pg_database where datname = any($1) order by datname',
      [names],
    );
    return rows.length === names.length ? rows.map(({ oid }) => oid).join(' ') : null;
  } finally {
    await client.end().catch(() => {});
  }
}

/** What the last start left: with the same tool and these versions there is nothing to do, and two short queries prove it. */
interface Done {
  tool: string;
  main: string;
  visibility: string;
}

function readDone(file: string): Done | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Done;
  } catch {
    return null;
  }
}

/** The login, both databases and their schema at the version of the tool. Idempotent; two queries when all is there. */
export async function ensureTemporalSchema(options: TemporalSchemaOptions): Promise<TemporalStore> {
  const { dir, ownerUrl, sqlTool, report } = options;
  const began = Date.now();
  mkdirSync(dir, { recursive: true });
  const { hostname, port } = new URL(ownerUrl);
  const databases = options.databases ?? DATABASES;
  const store = {
    host: hostname,
    port: Number(port),
    user: options.role ?? 'temporal',
    password: keptPassword(dir),
    databases,
  };
  const file = join(dir, 'schema.json');
  const read = () => Promise.all([schemaVersion(store, databases.main), schemaVersion(store, databases.visibility)]);
  let [main, visibility] = await read();
  const done = readDone(file);
  if (done?.tool === sqlTool.version && main && done.main === main && visibility && done.visibility === visibility)
    return store;
  await ensureLogin(ownerUrl, store);
  [main, visibility] = await read();
  const update = async (database: string, schema: string, version: string | null | undefined) => {
    if (!version) await runTool(options, store, database, ['setup-schema', '-v', '0.0']);
    await runTool(options, store, database, ['update-schema', '--schema-name', `postgresql/v12/${schema}`]);
  };
  await Promise.all([update(databases.main, 'temporal', main), update(databases.visibility, 'visibility', visibility)]);
  [main, visibility] = await read();
  writeFileSync(file, JSON.stringify({ tool: sqlTool.version, main, visibility }));
  report({ program: 'temporal-sql', step: `schema ${main} and ${visibility}`, elapsedMs: Date.now() - began });
  return store;
}
