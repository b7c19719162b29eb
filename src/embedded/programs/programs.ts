import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { type Env, type Report, StartProblem } from '../../processes/place/start-problem.ts';
import { overrideVariable, PROGRAMS, type ProgramName, type ProgramRecipe } from './program-list.ts';
import { buildProgram, cachedProgram } from './programs-build.ts';
import { runShort } from './run-short.ts';

interface FindOptions {
  /** From HOLDFAST_PROGRAM_<NAME>. */
  overrides: Partial<Record<ProgramName, string | null>>;
  /** The value of PATH. */
  path: string;
  /** The user's cache folder, for example ~/.cache/holdfast. */
  cacheDir: string;
  /** The go command; looked up in `path` when left out. */
  goPath?: string;
  /** The environment of the build (HOME, GOPROXY, GOFLAGS) and of the version questions. */
  env: Env;
  report: Report;
}

export interface FoundProgram {
  name: ProgramName;
  path: string;
  version: string;
  how: 'override' | 'path' | 'cache' | 'built';
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** Every executable of this name in PATH. Relative entries are left out: they would depend on the folder we stand in. */
export function inPath(name: string, path: string): string[] {
  const folders = path.split(delimiter).filter((folder) => isAbsolute(folder));
  return folders.map((folder) => join(folder, name)).filter(isExecutable);
}

/** What the program says its version is; null when it is not the program it is called. */
async function askVersion(spec: ProgramRecipe, file: string, env: Env): Promise<string | null> {
  const answer = await runShort(file, spec.versionArgs, { env, timeoutMs: 10_000 });
  return answer.code === 0 ? (spec.says.exec(answer.stdout)?.[1] ?? null) : null;
}

async function fromOverride(spec: ProgramRecipe, file: string, env: Env): Promise<FoundProgram> {
  const variable = overrideVariable(spec.name);
  if (!isExecutable(file))
    throw new StartProblem(
      `${variable} does not name a program that can be executed`,
      file,
      `Correct ${variable}, or unset it.`,
    );
  const version = await askVersion(spec, file, env);
  if (version === null || !spec.accepts(version)) {
    const what =
      version === null ? `does not answer as ${spec.name}` : `is version ${version}, needed is ${spec.wanted}`;
    throw new StartProblem(
      `The program named by ${variable} ${what}`,
      file,
      `Name another one in ${variable}, or unset it.`,
    );
  }
  return { name: spec.name, path: file, version, how: 'override' };
}

/** The program: named by the operator, else in PATH, else in the cache, else built from tools/ with Go. */
export async function findProgram(name: ProgramName, options: FindOptions): Promise<FoundProgram> {
  const spec = PROGRAMS[name];
  const override = options.overrides[name];
  if (override) return fromOverride(spec, override, options.env);
  for (const file of inPath(name, options.path)) {
    const version = await askVersion(spec, file, options.env);
    if (version !== null && spec.accepts(version)) return { name, path: file, version, how: 'path' };
  }
  const cached = cachedProgram(spec, options.cacheDir);
  if (isExecutable(cached)) return { name, path: cached, version: spec.version, how: 'cache' };
  const go = options.goPath ?? inPath('go', options.path)[0];
  if (!go)
    throw new StartProblem(
      `${name} ${spec.version} is missing, and there is no Go to build it with`,
      'neither in PATH nor in the cache',
      `Install Go 1.26.8 or newer, or set ${overrideVariable(name)} to the program.`,
    );
  await buildProgram(spec, { ...options, go });
  return { name, path: cached, version: spec.version, how: 'built' };
}

/** All of them. Modules are built side by side; two programs of one module one after the other, as they share most of the work. */
export async function findPrograms<Name extends ProgramName>(
  names: readonly Name[],
  options: FindOptions,
): Promise<Record<Name, FoundProgram>> {
  const modules = Map.groupBy(names, (name) => PROGRAMS[name].module);
  const found: Partial<Record<Name, FoundProgram>> = {};
  const results = await Promise.allSettled(
    [...modules.values()].map(async (group) => {
      for (const name of group) found[name] = await findProgram(name, options);
    }),
  );
  for (const result of results) if (result.status === 'rejected') throw result.reason;
  return found as Record<Name, FoundProgram>;
}
