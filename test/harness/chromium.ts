import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { env } from './programs.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

function find(): string | null {
  for (const folder of (env.PATH ?? '').split(delimiter))
    for (const name of NAMES) {
      const path = join(folder, name);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch {
        // Not there.
      }
    }
  return null;
}

/** Debian's package, where nobody minds that something is installed. */
function install(): void {
  if (env.CI !== 'true' || process.getuid?.() !== 0) return;
  spawnSync('apt-get', ['update'], { stdio: 'ignore', timeout: 120_000 });
  spawnSync('apt-get', ['install', '-y', '--no-install-recommends', 'chromium'], { stdio: 'ignore', timeout: 300_000 });
}

/** The machine's browser, or why there is none. */
export async function openBrowser(): Promise<Browser | string> {
  if (find() === null) install();
  const executablePath = find();
  if (executablePath === null)
    return `no ${NAMES.join(', ')} in PATH; it is installed by apt-get only as root with CI=true`;
  return await chromium.launch({ executablePath, args: ARGUMENTS });
}
