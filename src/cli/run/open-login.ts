import { SCHEMA_VERSION } from '../../../migrations/index.ts';
import type { Config } from '../../config/config.ts';
import { type Doors, openDoors } from '../../db/doors.ts';
import { openOrm } from '../../db/orm.ts';
import type { Group } from '../../db/policies.ts';
import { readSchemaVersion } from '../../db/queries/instance.ts';
import { Failure } from '../../lib/failure.ts';
import { databaseProblem } from './database-problem.ts';
import { readLoginUrl } from './login-urls.ts';

const TRANSACTION_MS: Record<Group, number> = { api: 15_000, auth: 15_000, gateway: 15_000, worker: 60_000 };

/** The doors of one login, once the database answered and has the schema that this program knows. */
export async function openLoginDoors(config: Config, group: Group, poolMax: number): Promise<Doors> {
  const { url, variable } = readLoginUrl(config, group);
  const orm = await openOrm({
    url,
    poolMax,
    transactionTimeoutMs: TRANSACTION_MS[group],
    applicationName: `holdfast ${group}`,
  });
  const doors = openDoors(orm);
  const version = await readSchemaVersion(doors).catch(async (thrown) => {
    await doors.close();
    throw databaseProblem(thrown, url, variable);
  });
  // Null: this login may not look; whoever migrated has.
  if (version !== null && version !== SCHEMA_VERSION) {
    await doors.close();
    throw schemaProblem(version);
  }
  return doors;
}

function schemaProblem(version: string): Failure {
  const older = version < SCHEMA_VERSION;
  return new Failure(
    older ? 'schema-older' : 'schema-newer',
    `The database has schema ${version}, this program needs ${SCHEMA_VERSION}. ${older ? 'Run "holdfast migrate".' : 'Start the newer program, or restore the database from before its upgrade.'}`,
    { fault: 'operator' },
  );
}
