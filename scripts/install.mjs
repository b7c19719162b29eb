// Bootstrap only: runs on any Node from 20 on, before anything is installed.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { passSignalsOn } from './pass-on.mjs';

export const projectDir = fileURLToPath(new URL('..', import.meta.url));
const bin = join(projectDir, 'node_modules', '.bin');
const stamp = join(projectDir, 'node_modules', '.holdfast-lock');

/** The runtime that the npm package `node` brought: Node 24, whatever started us. */
export const runtime = join(bin, 'node');

const lockHash = () =>
  createHash('sha256')
    .update(readFileSync(join(projectDir, 'package-lock.json')))
    .digest('hex');

function installed() {
  return existsSync(runtime) && existsSync(stamp) && readFileSync(stamp, 'utf8') === lockHash();
}

/** Runs a program with our output; resolves with its exit code. */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'inherit', cwd: projectDir, ...options });
    const passed = passSignalsOn(child);
    child.once('error', reject);
    // Told to end while it ran: we end by the same signal, not with the next step.
    child.once('exit', (code) => (passed.last ? process.kill(process.pid, passed.last) : resolve(code ?? 1)));
  });
}

/** Installs the locked dependencies when they are missing or the lock file has changed since. */
export async function install() {
  if (installed()) return;
  const started = Date.now();
  console.log('installing locked dependencies (npm ci) ...');
  const alive = setInterval(
    () => console.log(`  still installing, ${Math.round((Date.now() - started) / 1000)} s`),
    15_000,
  );
  const code = await run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  clearInterval(alive);
  if (code !== 0) {
    console.error(`npm ci failed with exit code ${code}. Look at its message above, then run this command again.`);
    process.exit(1);
  }
  writeFileSync(stamp, lockHash());
  console.log(`dependencies installed in ${Math.round((Date.now() - started) / 1000)} s`);
}
