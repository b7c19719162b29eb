import { spawnSync } from 'node:child_process';
import { env } from './programs.ts';

/** Why a program is not there although Debian has it: ends the reason of a skip. */
export const INSTALLED_WHEN = 'it is installed by apt-get only as root with CI=true';

/** Debian's packages, where nobody minds that something is installed. */
export function installDebian(...packages: readonly string[]): void {
  if (env.CI !== 'true' || process.getuid?.() !== 0) return;
  const apt = (...args: string[]) => spawnSync('apt-get', args, { stdio: 'ignore', timeout: 300_000 });
  apt('update');
  apt('install', '-y', '--no-install-recommends', ...packages);
}
