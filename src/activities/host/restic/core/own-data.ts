import { realpath } from 'node:fs/promises';
import { withTimeout } from '../../../../agent/programs/with-timeout.ts';
import { isWithin, OWN_DATA } from '../../../../domain/backup/plan-paths.ts';

/** A folder or file that no backup takes in: with its keys, whoever reads the backup could read everything. */
export interface OwnData {
  /** Where it really is. */
  readonly path: string;
  readonly what: string;
}

const REPOSITORY = 'the repository that this backup goes into';

/** Links are followed: what lies elsewhere by a link is ours there. */
export async function findOwnData(
  ownFolders: readonly string[],
  repositoryUrl: string,
  signal: AbortSignal,
): Promise<OwnData[]> {
  const named = ownFolders.map((path) => ({ path, what: OWN_DATA }));
  if (repositoryUrl.startsWith('/')) named.push({ path: repositoryUrl, what: REPOSITORY });
  const found = await Promise.all(
    named.map(async ({ path, what }) => ({
      path: await withTimeout(path, () => realpath(path).catch(() => path), path, signal),
      what,
    })),
  );
  const outer = found.filter(
    ({ path }, at) =>
      !found.some((other, no) => no !== at && isWithin(path, other.path) && (other.path !== path || no < at)),
  );
  return outer;
}

/** What of it lies in a folder that is `real` and known to restic as `path`; as restic sees it. */
export function ownDataIn(own: readonly OwnData[], path: string, real: string): OwnData[] {
  return own
    .filter((data) => isWithin(data.path, real))
    .map(({ path: inner, what }) => ({ path: under(path, inner.slice(real === '/' ? 0 : real.length)), what }));
}

/** The same place below another name of the folder. */
const under = (folder: string, rest: string): string => (folder === '/' ? '' : folder) + rest;
