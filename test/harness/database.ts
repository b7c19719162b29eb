import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject, onTestFinished } from 'vitest';
import { type Database, openDatabase } from '../../src/db/core/database.ts';
import { closeDatabase } from '../../src/db/core/logins.ts';
import { openOrm } from '../../src/db/core/orm.ts';
import { GROUPS, type Group } from '../../src/db/core/policies.ts';
import { JOB_REGISTRY } from '../../src/db/job-registry.ts';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import { systemRandom } from '../../src/lib/ids.ts';

export interface TestDatabase {
  readonly name: string;
  /** Superuser in this database: sees everything, is bound by nothing. For arranging and looking, never for what is tested. */
  readonly ownerUrl: string;
  readonly urls: Readonly<Record<Group, string>>;
  readonly owner: pg.Client;
  /** Ends it for everybody who is connected, and removes it. */
  drop(): Promise<void>;
}

const inDatabase = (url: string, name: string): string => {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
};

/** A database of its own, made from the migrated template. The caller drops it, or hands `onEnd` something that does later. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const { ownerUrl, template, urls } = inject('postgres');
  const name = `t_${randomBytes(6).toString('hex')}`;
  // Copies of one template at the same time would refuse each other, so they take turns.
  await asSuperuser(ownerUrl, async (client) => {
    await client.query('select pg_advisory_lock(7000, 2)');
    await client.query(`create database ${name} template ${template} strategy file_copy`);
  });
  const owner = new pg.Client({ connectionString: inDatabase(ownerUrl, name) });
  await owner.connect();
  // Whoever drops the database ends this connection too.
  owner.on('error', () => {});
  const own = Object.fromEntries(GROUPS.map((group) => [group, inDatabase(urls[group], name)])) as Record<
    Group,
    string
  >;
  await closeDatabase(owner, own);
  const drop = async () => {
    await owner.end();
    await asSuperuser(ownerUrl, (client) => client.query(`drop database if exists ${name} with (force)`));
  };
  return { name, ownerUrl: inDatabase(ownerUrl, name), urls: own, owner, drop };
}

async function asSuperuser(url: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

/** The database on one login; closed when the test ends, unless `keep` says that the caller closes them. */
export async function openTestLogin(
  database: Pick<TestDatabase, 'urls'>,
  group: Group,
  options: { keep?: boolean; clock?: Clock; registry?: Database['registry'] } = {},
): Promise<Database> {
  const orm = await openOrm({
    url: database.urls[group],
    poolMax: 5,
    transactionTimeoutMs: 15_000,
    applicationName: `test ${group}`,
  });
  const { clock = systemClock, registry = JOB_REGISTRY } = options;
  const db = openDatabase(orm, { clock, random: systemRandom, registry });
  if (!options.keep) onTestFinished(() => db.close());
  return db;
}
