import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { projectDir, runtime } from './install.mjs';

/** Runs our program on our runtime and ends with its exit code. */
export function handOver(args) {
  const child = spawn(runtime, [join(projectDir, 'scripts', 'main.mjs'), ...args], { stdio: 'inherit' });
  // Ctrl-C reaches the child by itself, because it is in our process group; it decides what to do, we wait for it.
  process.on('SIGINT', () => {});
  // What is sent to us alone is passed on.
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => {
    child.once('error', (error) => {
      console.error(`holdfast: cannot run ${runtime} (${error.code}). Run "npm ci" in ${projectDir}.`);
      process.exit(1);
    });
    child.once('exit', (code, signal) => {
      process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1);
      resolve();
    });
  });
}
