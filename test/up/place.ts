import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { identify, type ProcessIdentity } from '../../src/embedded/supervisor/process-identity.ts';

/** The environment that stands in for the configuration in these tests. */
export const env = { ...process.env };
export const cacheDir = join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'holdfast');
export const quiet = () => {};

/** A data folder of the test's own, in memory where there is one, gone afterwards. PostgreSQL's account can pass it. */
export function ownFolder(): string {
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'holdfast-up-'));
  execFileSync('chmod', ['0711', folder]);
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs another-run.ts, which starts things as a former `holdfast up` would, and waits for what it prints: a JSON line. */
export async function formerRun<T>(
  what: string,
  folder: string,
): Promise<{ pid: number; said: T; kill: () => Promise<void> }> {
  const script = fileURLToPath(new URL('./former-run.ts', import.meta.url));
  const child = spawn(process.execPath, [script, what, folder], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const line = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (chunk: Buffer) => resolve(String(chunk)));
    child.once('exit', (code) => reject(new Error(`the former run ended with ${code}`)));
  });
  const kill = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  onTestFinished(kill);
  return { pid: child.pid!, said: JSON.parse(line) as T, kill };
}

/** Who has this number now; the test fails when nobody has. */
export function livingProcess(pid: number): ProcessIdentity {
  const who = identify(pid);
  if (!who) throw new Error(`no process ${pid}`);
  return who;
}
