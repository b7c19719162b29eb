import { readConfig } from '../../config/config.ts';
import { processEnvironment } from '../../config/environment.ts';
import { systemClock } from '../../lib/clock.ts';
import { systemRandom } from '../../lib/ids.ts';
import { migrateDatabase, needOwnerUrl } from './migrate.ts';

export async function migrateCommand(): Promise<void> {
  const config = readConfig(processEnvironment());
  const applied = await migrateDatabase(config, needOwnerUrl(config), systemClock, systemRandom);
  process.stdout.write(applied.length > 0 ? `migrated: ${applied.join(', ')}\n` : 'the schema is up to date already\n');
}
