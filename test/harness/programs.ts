import { homedir } from 'node:os';
import { join } from 'node:path';

/** What stands in for the configuration in tests: they run what the machine has. */
export const env = { ...process.env };
export const cacheDir = join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'holdfast');
export const quiet = (): void => {};
