import type { Config } from '../../config/config.ts';
import { baseEnvironment, type Environment } from '../../config/environment.ts';
import type { ProgressOutput } from '../progress-output.ts';
import type { ProgramName } from './program-list.ts';
import { type FoundProgram, findPrograms } from './programs.ts';

export type OurPrograms = Partial<Record<ProgramName, FoundProgram>>;

const ENGINE: readonly ProgramName[] = ['temporal-server', 'temporal-sql', 'temporal-ui'];
/** A build says nothing for minutes; by then a person wonders. */
const ALIVE_MS = 15_000;

/** The outside programs that this configuration needs; those that are missing are built, with progress. */
export async function findOurPrograms(
  config: Config,
  environment: Environment,
  output: ProgressOutput,
  names: readonly ProgramName[] = config.temporal.address === null ? [...ENGINE, 'restic'] : ['restic'],
): Promise<OurPrograms> {
  const began = Date.now();
  const alive = setInterval(() => output.step('programs: still at it', Date.now() - began), ALIVE_MS);
  try {
    const found = await findPrograms(names, {
      overrides: config.programs,
      path: environment.PATH ?? '',
      cacheDir: config.cacheDir,
      // Go keeps its caches in the home folder.
      env: { ...baseEnvironment(environment), HOME: config.home ?? config.cacheDir },
      report: output.report,
    });
    const words = Object.values(found).map((p) => `${p.name} ${p.version} (${p.how})`);
    output.step(`programs: ${words.join(', ')}`, Date.now() - began);
    return found;
  } finally {
    clearInterval(alive);
  }
}
