import { statfs } from 'node:fs/promises';
import { join } from 'node:path';

/** restic writes indexes there; when one does not fit it tries the same again for a quarter of an hour. */
const NEEDED_BYTES = 64 * 1024 * 1024;

/** Where restic keeps what it has read of repositories. */
export const cacheFolder = (dataDir: string): string => join(dataDir, 'cache', 'restic');

/** Is there hardly any room for restic's cache? Without one it is slower, and works. */
export async function isCacheFull(dataDir: string): Promise<boolean> {
  try {
    // Before the first backup there is no cache yet.
    const { bavail, bsize, ffree, files } = await statfs(cacheFolder(dataDir)).catch(() => statfs(dataDir));
    return bavail * bsize < NEEDED_BYTES || (files > 0 && ffree === 0);
  } catch {
    return true;
  }
}

/** Hears when the cache's disk becomes full under a restic that runs: it would try the same again for a quarter of an hour. */
export class CacheGuard {
  readonly #folder: string;
  readonly #full = new AbortController();

  constructor(dataDir: string) {
    this.#folder = cacheFolder(dataDir);
  }

  get signal(): AbortSignal {
    return this.#full.signal;
  }

  heard(line: string): void {
    if (line.includes('retrying after') && line.includes(this.#folder) && /no space left|quota exceeded/.test(line))
      this.#full.abort();
  }
}
