import { spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import { baseEnvironment } from '../../src/config/environment.ts';
import type { ProgramRecipe } from '../../src/embedded/programs/program-list.ts';
import { inPath } from '../../src/embedded/programs/programs.ts';
import { buildProgram, cachedProgram } from '../../src/embedded/programs/programs-build.ts';

const SPEC: ProgramRecipe<'rest-server'> = {
  name: 'rest-server',
  version: '0.14.0',
  module: 'rest-server',
  pkg: 'github.com/restic/rest-server/cmd/rest-server',
  buildArgs: [],
  versionArgs: ['--version'],
  says: /^rest-server (?:rest-server )?v?(\d+\.\d+\.\d+)/m,
  accepts: () => true,
  wanted: '0.14.0',
};

/** The program: named, in the cache, or built there (45 s where Go has compiled nothing before). Null: no Go to build it with. */
export async function findRestServer(): Promise<string | null> {
  const named = process.env.HOLDFAST_PROGRAM_REST_SERVER;
  if (named) return named;
  const env = baseEnvironment(process.env);
  const cacheDir = join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'holdfast');
  const cached = cachedProgram(SPEC, cacheDir);
  if (existsSync(cached)) return cached;
  const go = inPath('go', env.PATH ?? '')[0];
  if (go === undefined) return null;
  await buildProgram(SPEC, { go, cacheDir, env, report: () => {} });
  return cached;
}

export interface RestServer {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  stop(): Promise<void>;
}

export async function startRestServer(
  program: string,
  folder: string,
  more: readonly string[] = [],
): Promise<RestServer> {
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  const args = ['--no-auth', '--path', folder, '--listen', `127.0.0.1:${port}`, ...more];
  const child = spawn(program, args, { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}`;
  const answers = () =>
    fetch(url).then(
      () => true,
      () => false,
    );
  await vi.waitUntil(answers, { timeout: 20_000, interval: 50 });
  return {
    url,
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.kill('SIGTERM');
      }),
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
