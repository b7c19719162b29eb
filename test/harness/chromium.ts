import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { INSTALLED_WHEN, installDebian } from './debian.ts';
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

/** The machine's browser, or why there is none. */
export async function openBrowser(): Promise<Browser | string> {
  if (find() === null) installDebian('chromium');
  const executablePath = find();
  if (executablePath === null) return `no ${NAMES.join(', ')} in PATH; ${INSTALLED_WHEN}`;
  return await chromium.launch({ executablePath, args: ARGUMENTS });
}
