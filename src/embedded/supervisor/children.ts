import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, closeSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Env, StartProblem } from '../../processes/place/start-problem.ts';
import type { ChildRecord } from './leftovers.ts';
import { type LogBounds, openLogFile } from './log-file.ts';
import { identify, isGroupAlive, signalGroup, waitUntil } from './process-identity.ts';

export interface ChildOptions {
  name: string;
  command: string;
  args: string[];
  env: Env;
  /** Where the pid file goes, `<data>/run`. */
  runDir: string;
  /** Its output goes to this file, or line by line to `onLine`; else it is dropped. */
  logFile?: string;
  logBounds?: LogBounds;
  onLine?: (line: string) => void;
  cwd?: string;
  uid?: number;
  gid?: number;
  /** Keeps a pipe on its standard input, for exitWhenParentDies. */
  diesWithParent?: boolean;
  /** How a later start ends it when we were killed. SIGTERM and 5 s unless told. */
  stopSignal?: NodeJS.Signals;
  stopGraceMs?: number;
}

export interface ChildExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface Child {
  name: string;
  pid: number;
  /** Resolves when it ended, for whatever reason. */
  exited: Promise<ChildExit>;
  running(): boolean;
  /** Sends the signal to its group, waits `graceMs`, then SIGKILLs what is left of the group. */
  stop(options?: { signal?: NodeJS.Signals; graceMs?: number }): Promise<ChildExit>;
}

function writeRecord(options: ChildOptions, pid: number): string {
  mkdirSync(options.runDir, { recursive: true });
  const file = join(options.runDir, `${options.name}.pid`);
  const record: ChildRecord = {
    name: options.name,
    pid,
    startTime: identify(pid)?.startTime ?? '',
    parentPid: process.pid,
    parentStartTime: identify(process.pid)?.startTime ?? '',
    stopSignal: options.stopSignal ?? 'SIGTERM',
    stopGraceMs: options.stopGraceMs ?? 5_000,
  };
  writeFileSync(`${file}.new`, JSON.stringify(record), { mode: 0o600 });
  chmodSync(`${file}.new`, 0o600);
  renameSync(`${file}.new`, file);
  return file;
}

function launch(options: ChildOptions, output: number | 'pipe' | 'ignore'): ChildProcess {
  return spawn(options.command, options.args, {
    cwd: options.cwd,
    env: options.env as NodeJS.ProcessEnv,
    uid: options.uid,
    gid: options.gid,
    // Own group and session: a Ctrl-C in the terminal reaches only us, and we stop the children in order.
    detached: true,
    stdio: [options.diesWithParent ? 'pipe' : 'ignore', output, output],
  });
}

/** Starts a program in its own process group and writes down who it is, so that a later start can end it. */
export async function spawnChild(options: ChildOptions): Promise<Child> {
  const log = options.logFile === undefined ? null : openLogFile(options.logFile, options.logBounds);
  const child = launch(options, log?.fd ?? (options.onLine ? 'pipe' : 'ignore'));
  if (log) closeSync(log.fd);
  child.once('close', () => log?.close());
  child.once('error', () => log?.close());
  // The pipe must never raise an EPIPE in us: nothing is written to it.
  child.stdin?.on('error', () => {});
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) =>
      reject(
        new StartProblem(
          `${options.name} could not be started: ${error.message}`,
          options.command,
          'Check that the file is there and may be executed.',
          error,
        ),
      ),
    );
  });
  const pid = child.pid!;
  const exited = new Promise<ChildExit>((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
  if (options.onLine)
    for (const stream of [child.stdout, child.stderr])
      if (stream) createInterface({ input: stream }).on('line', options.onLine);
  const recordFile = writeRecord(options, pid);
  const running = () => child.exitCode === null && child.signalCode === null;
  const stop: Child['stop'] = async ({
    signal = options.stopSignal ?? 'SIGTERM',
    graceMs = options.stopGraceMs ?? 5_000,
  } = {}) => {
    if (running()) signalGroup(pid, signal);
    if (!(await waitUntil(() => !running() && !isGroupAlive(pid), graceMs))) signalGroup(pid, 'SIGKILL');
    const exit = await exited;
    rmSync(recordFile, { force: true });
    return exit;
  };
  return { name: options.name, pid, exited, running, stop };
}
