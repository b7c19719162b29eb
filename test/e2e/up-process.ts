import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = join(PROJECT, 'src/main.ts');
export const UP = [process.execPath, MAIN, 'up'];
export const NPM_START = ['npm', 'start', '--'];
/** The environment of the machine without anything that would speak to Holdfast. */
export const CLEAN_ENV = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(?:HOLDFAST_|DATABASE_URL|TEMPORAL_|VITEST|NODE_|npm_|_$)/.test(name),
  ),
);

/** A folder for a data folder of the test's own; PostgreSQL's account can pass it. */
export function ownFolder(below: string = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()): string {
  const folder = mkdtempSync(join(below, 'holdfast-e2e-'));
  execFileSync('chmod', ['0711', folder]);
  return folder;
}

/** Processes that have to do with the folder: by what they were told, where they stand, or who started them. */
export function processesOf(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        const commandLine = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
        const about = [commandLine, readFileSync(`/proc/${pid}/environ`, 'utf8'), readlinkSync(`/proc/${pid}/cwd`)];
        return about.some((text) => text.includes(folder)) ? [`${pid} ${commandLine.slice(0, 120)}`] : [];
      } catch {
        // It ended while we looked.
        return [];
      }
    });
}

export interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** `holdfast up`, or what starts it, as a person runs it: in a process group of its own, as a shell makes one. */
export class Up {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  out = '';
  err = '';
  readonly startedAt = Date.now();

  /** `before`: shell words that are run in front of it, such as `umask 077`. */
  constructor(
    env: Record<string, string>,
    args: readonly string[] = [],
    before = 'true',
    command: readonly string[] = UP,
  ) {
    this.child = spawn('/bin/sh', ['-c', `${before} && exec "$0" "$@"`, ...command, ...args], {
      cwd: PROJECT,
      detached: true,
      env: { ...CLEAN_ENV, HOLDFAST_PORT: '0', HOLDFAST_GATEWAY_PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout!.on('data', (chunk) => {
      this.out += chunk;
    });
    this.child.stderr!.on('data', (chunk) => {
      this.err += chunk;
    });
    this.ended = new Promise((resolve) =>
      this.child.once('close', (code) => resolve({ code, out: this.out, err: this.err })),
    );
    onTestFinished(async () => {
      if (this.child.exitCode !== null || this.child.signalCode !== null) return;
      this.child.kill('SIGTERM');
      await this.ended;
    });
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** As a terminal, `timeout` and a service manager send it. */
  signalGroup(name: NodeJS.Signals): void {
    process.kill(-this.child.pid!, name);
  }

  async until(text: string | RegExp, withinMs = 120_000): Promise<void> {
    const end = Date.now() + withinMs;
    const there = () => (typeof text === 'string' ? this.out.includes(text) : text.test(this.out));
    while (!there()) {
      if (this.child.exitCode !== null || Date.now() > end) throw new Error(`no "${text}" in:\n${this.out}${this.err}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

export async function removeFolder(folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
}

/** What the command line was given to speak to the API. */
export function ask(folder: string, path: string, body?: unknown): Promise<Response> {
  const { url, apiKey } = JSON.parse(readFileSync(join(folder, 'cli.json'), 'utf8')) as { url: string; apiKey: string };
  return fetch(`${url}/api/v1/${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      authorization: `Bearer ${apiKey}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}
