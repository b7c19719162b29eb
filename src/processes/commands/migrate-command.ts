import { readConfig } from '../../config/config.ts';
import { systemClock } from '../../lib/clock.ts';
import { systemRandom } from '../../lib/ids.ts';
import type { ProcessWorld } from '../../processes/process-world.ts';
import { migrateDatabase, needOwnerUrl } from '../migrate.ts';

export async function migrateCommand({ env, print }: ProcessWorld): Promise<void> {
  const config = readConfig(env);
  const applied = await migrateDatabase(config, needOwnerUrl(config), systemClock, systemRandom);
  print(applied.length > 0 ? `migrated: ${applied.join(', ')}` : 'the schema is up to date already');
}
