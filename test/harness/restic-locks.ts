import { readdirSync } from 'node:fs';

/** The locks in the `locks` folder of a repository. One that restic was still writing when it died has another name and locks nothing. */
export const locksIn = (folder: string): string[] => readdirSync(folder).filter((name) => /^[0-9a-f]{64}$/.test(name));
