import { statSync } from 'node:fs';
import { userInfo } from 'node:os';
import type { Environment } from './environment.ts';

/**
 * The home folder to keep things in, or null: in containers an account may have none, one that is not there, or the root
 * folder, and Node throws where the account itself has no entry.
 */
export function homeFolder(env: Environment): string | null {
  const home = env.HOME || entryOfAccount();
  if (home === null || home === '/') return null;
  return statSync(home, { throwIfNoEntry: false })?.isDirectory() ? home : null;
}

function entryOfAccount(): string | null {
  try {
    return userInfo().homedir;
  } catch {
    return null;
  }
}
