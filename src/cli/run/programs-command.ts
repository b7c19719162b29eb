import { readConfig } from '../../config/config.ts';
import { processEnvironment } from '../../config/environment.ts';
import { systemClock } from '../../lib/clock.ts';
import { findOurPrograms } from '../up/our-programs.ts';
import { sayTo } from '../up/say.ts';

/** Finds or builds all outside programs, so that what comes after finds them in the cache. */
export async function programsCommand(): Promise<void> {
  const environment = processEnvironment();
  const say = sayTo(process.stdout, () => systemClock.now().getTime());
  await findOurPrograms(readConfig(environment), environment, say, [
    'temporal-server',
    'temporal-sql',
    'temporal-ui',
    'restic',
  ]);
}
