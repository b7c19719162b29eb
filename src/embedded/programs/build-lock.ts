import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identify, isAlive, type ProcessIdentity } from '../supervisor/process-identity.ts';

/** A lock folder without a holder's name yet: its maker is between two system calls, or was killed there. */
const NAMELESS_MS = 5_000;

function take(folder: string): boolean {
  try {
    mkdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  writeFileSync(join(folder, 'holder'), JSON.stringify(identify(process.pid)));
  return true;
}

function isStale(folder: string): boolean {
  try {
    return !isAlive(JSON.parse(readFileSync(join(folder, 'holder'), 'utf8')) as ProcessIdentity);
  } catch {
    const made = statSync(folder, { throwIfNoEntry: false })?.mtimeMs;
    return made !== undefined && Date.now() - made > NAMELESS_MS;
  }
}

/**
 * Lets one process build at a time: two at once would take twice as long on two cores. It saves time only; that two
 * builds cannot harm each other is due to the rename, so breaking a stale lock twice does no damage.
 */
export async function withBuildLock(folder: string, waiting: () => void, work: () => Promise<void>): Promise<void> {
  let told = 0;
  while (!take(folder)) {
    if (isStale(folder)) {
      rmSync(folder, { recursive: true, force: true });
      continue;
    }
    if (Date.now() - told > 5_000) {
      waiting();
      told = Date.now();
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  try {
    await work();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
