import type { Config } from '../config/config.ts';
import { migrate } from '../db/core/migrate.ts';
import type { Clock } from '../lib/clock.ts';
import { Failure } from '../lib/failure.ts';
import type { RandomBytes } from '../lib/ids.ts';
import { ensureDataFolder } from './place/data-folder.ts';
import { databaseProblem } from './place/database-problem.ts';
import { ensureKeyring } from './place/keyring-file.ts';
import { ensureLoginUrls, rolePrefixOf } from './place/login-urls.ts';

/** The database of the configuration; the embedded one is known to `holdfast up` only, which migrates by itself. */
export function needOwnerUrl(config: Config): string {
  if (config.database.owner !== null) return config.database.owner;
  throw new Failure(
    'database-url-missing',
    'The database is not known: DATABASE_URL is not set. Set it to the owner of the database; the embedded one is migrated by "holdfast up".',
    { fault: 'operator' },
  );
}

/** Keyring, logins and schema. Returns the names of the migrations that were applied. */
export async function migrateDatabase(
  config: Config,
  ownerUrl: string,
  clock: Clock,
  random: RandomBytes,
): Promise<string[]> {
  ensureDataFolder(config.dataDir);
  ensureKeyring(config.keyringFile, clock, random);
  const urls = ensureLoginUrls(config, ownerUrl, random);
  try {
    return (await migrate({ ownerUrl, rolePrefix: rolePrefixOf(ownerUrl), urls })).applied;
  } catch (thrown) {
    throw databaseProblem(thrown, ownerUrl, 'DATABASE_URL');
  }
}
