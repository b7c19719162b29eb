import { execFileSync } from 'node:child_process';
import { accessSync, constants, globSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { parseResticVersion, type ResticVersion } from '../../src/activities/host/restic/core/version.ts';

export interface RealRestic {
  readonly path: string;
  readonly version: ResticVersion;
}

/** The restic that tests use: the one named, else the newest in the programs folder, else the one on PATH. Null says why on stderr. */
export function findRestic(
  named = process.env.HOLDFAST_PROGRAM_RESTIC,
  path = process.env.PATH ?? '',
): RealRestic | null {
  const built = globSync(join(homedir(), '.cache/holdfast/programs/restic/*/restic')).sort().reverse();
  const onPath = path.split(delimiter).map((folder) => join(folder, 'restic'));
  for (const candidate of named ? [named] : [...built, ...onPath]) {
    const version = versionOf(candidate);
    if (version !== null) return { path: candidate, version };
  }
  process.stderr.write(`skipped: no restic ${named ? `at ${named}` : 'on PATH or in ~/.cache/holdfast/programs'}\n`);
  return null;
}

function versionOf(path: string): ResticVersion | null {
  try {
    accessSync(path, constants.X_OK);
    return parseResticVersion(execFileSync(path, ['version'], { encoding: 'utf8' }));
  } catch {
    return null;
  }
}
