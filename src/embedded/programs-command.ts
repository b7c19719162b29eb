import { readConfig } from '../config/config.ts';
import { systemClock } from '../lib/clock.ts';
import type { ProcessWorld } from '../processes/process-world.ts';
import { findOurPrograms } from './programs/our-programs.ts';
import { sayTo } from './say.ts';

/** Finds or builds all outside programs, so that what comes after finds them in the cache. */
export async function programsCommand(world: ProcessWorld): Promise<void> {
  const say = sayTo(world.say, () => systemClock.now().getTime());
  await findOurPrograms(readConfig(world.env), world.env, say, [
    'temporal-server',
    'temporal-sql',
    'temporal-ui',
    'restic',
  ]);
}
