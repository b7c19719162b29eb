import type { Config } from '../../config/config.ts';
import type { Environment } from '../../config/environment.ts';
import { type FoundProgram, findPrograms } from './programs.ts';
import type { Report } from './start-problem.ts';

const NAMES = ['temporal-server', 'temporal-sql', 'temporal-ui', 'restic'] as const;
export type UpPrograms = Record<(typeof NAMES)[number], FoundProgram>;

/** Progress lines for a person: what is being done, and since when. */
export function reporter(say: (line: string) => void): Report {
  return ({ program, step, elapsedMs }) => say(`  ${program}: ${step} (${(elapsedMs / 1000).toFixed(1)} s)`);
}

export function findUpPrograms(config: Config, env: Environment, report: Report): Promise<UpPrograms> {
  return findPrograms([...NAMES], {
    overrides: config.programs,
    path: env.PATH ?? '',
    cacheDir: config.cacheDir,
    env: { ...env },
    report,
  });
}

/** `holdfast programs`: so that tests and images can get them ahead of time. */
export async function runPrograms(config: Config, env: Environment, say: (line: string) => void): Promise<void> {
  const found = await findUpPrograms(config, env, reporter(say));
  for (const { name, version, path, how } of Object.values(found)) say(`${name} ${version} (${how}): ${path}`);
}
