import { readConfig } from '../config/config.ts';
import { systemClock } from '../lib/clock.ts';
import type { ProcessWorld } from '../processes/process-world.ts';
import { findOurPrograms } from './programs/our-programs.ts';
import { progressOutput } from './progress-output.ts';

/** Finds or builds all outside programs, so that what comes after finds them in the cache. */
export async function programsCommand(world: ProcessWorld): Promise<void> {
  const output = progressOutput(world.print, () => systemClock.now().getTime());
  await findOurPrograms(readConfig(world.env), world.env, output, [
    'temporal-server',
    'temporal-sql',
    'temporal-ui',
    'restic',
  ]);
}
