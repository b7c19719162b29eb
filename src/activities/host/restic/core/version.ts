/** The parts of a restic version that decide what it understands. */
export interface ResticVersion {
  readonly text: string;
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/** The oldest restic that jobs are written for (Debian 12 has 0.14.0). */
const OLDEST_RESTIC = { major: 0, minor: 14 };

/** Reads `restic version`: "restic 0.18.1 compiled with go1.26.8 on linux/amd64". Self-built ones add words. */
export function parseResticVersion(output: string): ResticVersion | null {
  const found = /^restic v?((\d+)\.(\d+)\.(\d+)\S*)/m.exec(output);
  if (!found) return null;
  return { text: found[1]!, major: Number(found[2]), minor: Number(found[3]), patch: Number(found[4]) };
}

export const isSupported = (version: ResticVersion): boolean => atLeast(version, OLDEST_RESTIC.minor);

const atLeast = (version: ResticVersion, minor: number): boolean => version.major > 0 || version.minor >= minor;
