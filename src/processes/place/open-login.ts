import { MIGRATION_NAMES, SCHEMA_VERSION } from '../../../migrations/index.ts';
import type { Config } from '../../config/config.ts';
import { type Database, openDatabase, type Source } from '../../db/core/database.ts';
import { openOrm } from '../../db/core/orm.ts';
import type { Group } from '../../db/core/policies.ts';
import { readMigrations } from '../../db/instance/instance.ts';
import { JOB_REGISTRY } from '../../db/job-registry.ts';
import { judgeSchema } from '../../domain/instance/schema-version.ts';
import { Failure } from '../../lib/failure.ts';
import { databaseProblem } from './database-problem.ts';
import { readLoginUrl } from './login-urls.ts';

const TRANSACTION_MS: Record<Group, number> = { api: 15_000, auth: 15_000, gateway: 15_000, worker: 60_000 };

/** The database on one login, once the database answered and has a schema that this program can live with. */
export async function openLoginDatabase(
  config: Config,
  group: Group,
  poolMax: number,
  source: Pick<Source, 'clock' | 'random'>,
): Promise<Database> {
  const { url, variable } = readLoginUrl(config, group);
  const orm = await openOrm({
    url,
    poolMax,
    transactionTimeoutMs: TRANSACTION_MS[group],
    applicationName: `holdfast ${group}`,
  });
  const database = openDatabase(orm, { ...source, registry: JOB_REGISTRY });
  const found = await readMigrations(database).catch(async (thrown) => {
    await database.close();
    throw databaseProblem(thrown, url, variable);
  });
  // Null: this login may not look; whoever migrated has.
  const problem = found === null ? null : schemaProblem(found);
  if (problem === null) return database;
  await database.close();
  throw problem;
}

function schemaProblem(found: readonly string[]): Failure | null {
  const verdict = judgeSchema(found, MIGRATION_NAMES);
  if (verdict === 'same' || verdict === 'newer') return null;
  const older = verdict === 'older';
  return new Failure(
    older ? 'schema-older' : 'schema-newer',
    `The database has schema ${found.at(-1) ?? 'none'}, this program needs ${SCHEMA_VERSION}. ${older ? 'Run "holdfast migrate".' : 'Start the newer program, or restore the database from before its upgrade.'}`,
    { fault: 'operator' },
  );
}
