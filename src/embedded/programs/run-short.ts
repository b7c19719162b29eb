import { spawn } from 'node:child_process';
import type { Env } from '../../processes/place/start-problem.ts';

interface ShortRun {
  code: number | null;
  stdout: string;
  stderr: string;
}

interface ShortRunOptions {
  env: Env;
  timeoutMs: number;
  cwd?: string;
  uid?: number;
  gid?: number;
  onStderr?: (text: string) => void;
}

/** Enough for a version or the end of a build log; a program that talks without end must not fill our memory. */
const KEEP = 64 * 1024;

/** Runs a program to its end, in our group: a Ctrl-C ends a build too. Never throws: one that cannot start has code null. */
export function runShort(command: string, args: string[], options: ShortRunOptions): Promise<ShortRun> {
  return new Promise((resolve) => {
    const { cwd, uid, gid, env } = options;
    const child = spawn(command, args, {
      cwd,
      uid,
      gid,
      env: env as NodeJS.ProcessEnv,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs);
    child.stdout.on('data', (chunk: Buffer) => {
      stdout = (stdout + chunk).slice(-KEEP);
    });
    child.stderr.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk).slice(-KEEP);
      options.onStderr?.(String(chunk));
    });
    const end = (code: number | null, more = '') => {
      clearTimeout(timer);
      resolve({ code, stdout, stderr: stderr + more });
    };
    child.once('error', (error) => end(null, error.message));
    child.once('close', (code) => end(code));
  });
}
