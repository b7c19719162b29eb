import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface SourceFile {
  /** From the root of the project. */
  readonly path: string;
  readonly text: string;
}

/** The files of the project that git knows or would take, below a folder. */
export function filesOf(folder: string, ending: RegExp): SourceFile[] {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z', folder], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  const there = listed.split('\0').filter((path) => ending.test(path));
  return [...new Set(there)].flatMap((path) => {
    try {
      return [{ path, text: readFileSync(join(ROOT, path), 'utf8') }];
    } catch {
      // Removed, and not yet committed so.
      return [];
    }
  });
}

export interface Import {
  readonly from: string;
  readonly typeOnly: boolean;
}

const STATEMENT =
  /^(?:import|export)\s+(type\s+)?([^;]*?)\s*from\s+'([^']+)'|^import\s+'([^']+)'|\bimport\('([^']+)'\)/gm;

/** What a file imports, its own modules as paths from `src/` (or `migrations/`). */
export function importsOf(file: SourceFile): Import[] {
  return [...file.text.matchAll(STATEMENT)].map(([, type, names, named, bare, dynamic]) => {
    const from = (named ?? bare ?? dynamic)!;
    const onlyTypes = names !== undefined && /^\{\s*type [^,]*(?:,\s*type [^,]*)*,?\s*\}$/.test(names.trim());
    return { from: from.startsWith('.') ? resolved(file.path, from) : from, typeOnly: type !== undefined || onlyTypes };
  });
}

function resolved(path: string, from: string): string {
  const whole = relative(ROOT, join(ROOT, dirname(path), from));
  return whole.startsWith('src/') ? whole.slice('src/'.length) : whole;
}

export interface LongFunction {
  readonly name: string;
  readonly lines: number;
}

/** Functions and methods with more lines than allowed, by where their block closes at the same depth of indentation. */
export function longFunctions(text: string, most: number): LongFunction[] {
  const lines = text.split('\n');
  const found: LongFunction[] = [];
  for (const [at, line] of lines.entries()) {
    const head = /^(\s*)(?:export )?(?:async )?(?:function\*? (\w+)|(?:async )?([#\w]+)\([^)]*\)[^;]*\{$)/.exec(line);
    if (!head || /^\s*(?:if|for|while|switch|return|else|describe|test|catch)\b/.test(line)) continue;
    const indent = head[1]!;
    const end = lines.findIndex((next, i) => i > at && next.startsWith(`${indent}}`));
    if (end - at + 1 > most) found.push({ name: head[2] ?? head[3] ?? '?', lines: end - at + 1 });
  }
  return found;
}
