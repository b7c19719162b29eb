import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { baseEnvironment } from '../../src/config/environment.ts';
import { overrideVariable, type ProgramRecipe } from '../../src/embedded/programs/program-list.ts';
import { inPath } from '../../src/embedded/programs/programs.ts';
import { buildProgram, cachedProgram } from '../../src/embedded/programs/programs-build.ts';

/** A program of the tests: named, in the cache, or built there (45 s where Go has compiled nothing before). Null: no Go to build it with. */
export async function builtProgram<Name extends string>(recipe: ProgramRecipe<Name>): Promise<string | null> {
  const named = process.env[overrideVariable(recipe.name)];
  if (named) return named;
  const env = baseEnvironment(process.env);
  const cacheDir = join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'holdfast');
  const cached = cachedProgram(recipe, cacheDir);
  if (existsSync(cached)) return cached;
  const go = inPath('go', env.PATH ?? '')[0];
  if (go === undefined) return null;
  await buildProgram(recipe, { go, cacheDir, env, report: () => {} });
  return cached;
}
