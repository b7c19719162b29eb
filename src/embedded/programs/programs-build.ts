import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { proxyHint } from '../../config/proxies.ts';
import { type Env, type Report, StartProblem } from '../../processes/place/start-problem.ts';
import { withBuildLock } from './build-lock.ts';
import { overrideVariable, type ProgramRecipe } from './program-list.ts';
import { runShort } from './run-short.ts';

const TOOLS = fileURLToPath(new URL('../../../tools/', import.meta.url));

/** A person who sees nothing for 10 s thinks it hangs; a cold Temporal build takes 200 s on two cores. */
const REPORT_EVERY_MS = 5_000;

interface BuildOptions {
  go: string;
  cacheDir: string;
  env: Env;
  report: Report;
}

/** Where the built program lies. The name holds the pins, so that other pins give another file and nothing goes stale. */
export function cachedProgram(spec: ProgramRecipe<string>, cacheDir: string): string {
  const hash = createHash('sha256');
  for (const file of ['go.mod', 'go.sum']) hash.update(readFileSync(join(TOOLS, spec.module, file)));
  return join(cacheDir, 'programs', spec.name, `${spec.version}-${hash.digest('hex')}`, spec.name);
}

async function refuseOldGo(spec: ProgramRecipe<string>, { go, env }: BuildOptions): Promise<void> {
  // Asked inside the module's folder, go itself compares its version with the one the module needs.
  const answer = await runShort(go, ['env', 'GOVERSION'], { cwd: join(TOOLS, spec.module), env, timeoutMs: 120_000 });
  if (answer.code === 0) return;
  const why = answer.stderr.trim().split('\n').at(-1) ?? '';
  throw new StartProblem(
    `${spec.name} ${spec.version} cannot be built with this Go: ${why}`,
    go,
    `Install Go 1.26.8 or newer, or set ${overrideVariable(spec.name)} to the program.`,
  );
}

async function compile(spec: ProgramRecipe<string>, target: string, { go, env, report }: BuildOptions): Promise<void> {
  const began = Date.now();
  let packages = 0;
  let fetching = false;
  const tell = () => {
    const step = packages > 0 ? `building, ${packages} packages done` : fetching ? 'fetching modules' : 'building';
    report({ program: spec.name, step, elapsedMs: Date.now() - began });
  };
  tell();
  const ticker = setInterval(tell, REPORT_EVERY_MS);
  const args = [
    'build',
    '-v',
    '-mod=readonly',
    ...spec.buildArgs,
    '-trimpath',
    '-ldflags',
    '-s -w',
    '-o',
    target,
    spec.pkg,
  ];
  const built = await runShort(go, args, {
    cwd: join(TOOLS, spec.module),
    env: { ...env, CGO_ENABLED: '0' },
    timeoutMs: 30 * 60_000,
    // -v names each package as it is compiled, and each module as it is fetched.
    onStderr: (text) => {
      for (const line of text.split('\n')) {
        if (line.startsWith('go: downloading')) fetching = true;
        else if (line !== '') packages++;
      }
    },
  }).finally(() => clearInterval(ticker));
  if (built.code === 0) return;
  const lines = built.stderr
    .trim()
    .split('\n')
    .filter((line) => !line.startsWith('go: downloading'));
  throw new StartProblem(
    `${spec.name} ${spec.version} could not be built: ${lines.slice(-3).join(' | ')}`,
    `tools/${spec.module}`,
    `Check that Go can reach its module proxy (go env GOPROXY) and that the disk has 3 GB free, or set ${overrideVariable(spec.name)} to the program.${proxyHint(env)}`,
  );
}

/** Builds into a file of our own and renames it: whoever looks sees no program or a whole one. */
export async function buildProgram(spec: ProgramRecipe<string>, options: BuildOptions): Promise<void> {
  const target = cachedProgram(spec, options.cacheDir);
  const began = Date.now();
  try {
    mkdirSync(dirname(target), { recursive: true });
  } catch (error) {
    const why = (error as Error).message;
    throw new StartProblem(
      `The cache folder cannot be written: ${why}`,
      options.cacheDir,
      'Make it writable, or set HOLDFAST_CACHE.',
      error,
    );
  }
  const waiting = () =>
    options.report({
      program: spec.name,
      step: 'waiting for another process that builds it',
      elapsedMs: Date.now() - began,
    });
  await withBuildLock(`${target}.lock`, waiting, async () => {
    if (existsSync(target)) return;
    await refuseOldGo(spec, options);
    const temporary = `${target}.${process.pid}`;
    try {
      await compile(spec, temporary, options);
      chmodSync(temporary, 0o755);
      renameSync(temporary, target);
    } finally {
      rmSync(temporary, { force: true });
    }
    options.report({ program: spec.name, step: 'built', elapsedMs: Date.now() - began });
  });
}
