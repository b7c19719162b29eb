import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { projectDir, runtime } from './install.mjs';
import { passSignalsOn } from './pass-on.mjs';

const LOOK_MS = 500;

/** npm, when it started us; null when somebody else did. */
function npmAbove() {
  try {
    return readFileSync(`/proc/${process.ppid}/cmdline`, 'latin1').startsWith('npm') ? process.ppid : null;
  } catch {
    return null;
  }
}

/** npm ends of SIGHUP and SIGKILL without a word to us. That is a hang-up for the child too. */
function watchNpm(child) {
  const npm = npmAbove();
  if (npm === null) return;
  const timer = setInterval(() => {
    if (process.ppid === npm) return;
    clearInterval(timer);
    child.kill('SIGHUP');
  }, LOOK_MS);
  timer.unref();
}

/** Runs our program on our runtime and ends with its exit code. */
export function handOver(args) {
  // Nothing is said over the channel: its end tells the child that we are gone, also by kill -9.
  const stdio = ['inherit', 'inherit', 'inherit', 'ipc'];
  const child = spawn(runtime, [join(projectDir, 'scripts', 'main.mjs'), ...args], { stdio });
  passSignalsOn(child);
  watchNpm(child);
  return new Promise((resolve) => {
    child.once('error', (error) => {
      console.error(`holdfast: cannot run ${runtime} (${error.code}). Run "npm ci" in ${projectDir}.`);
      process.exit(1);
    });
    child.once('exit', (code, signal) => {
      // As a shell says it: 143 for SIGTERM, 129 for SIGHUP, 130 for SIGINT.
      process.exitCode = code ?? 128 + constants.signals[signal];
      resolve();
    });
  });
}
