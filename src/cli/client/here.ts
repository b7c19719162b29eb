import { accessSync, constants, existsSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { shellWord } from '../../domain/core/shell-word.ts';

/** Where the person stands, and where our program lies. */
interface Standing {
  readonly folder: string;
  /** The `PATH` of the person. */
  readonly path: string | undefined;
  /** Our checkout or package. */
  readonly project: string;
  /** Our runtime, for where there is no `node` to be found. */
  readonly node: string;
}

/**
 * How `holdfast` is written where the person stands. A bare `npx holdfast` finds ours inside our own folder only; elsewhere npm
 * would ask the public registry for that name and run what it gets.
 */
export function commandHere({ folder, path = '', project, node }: Standing): string {
  const script = join(realpathSync(project), 'scripts', 'holdfast.mjs');
  const folders = path.split(delimiter).filter((dir) => dir !== '');
  // npx itself puts folders of node_modules in front, which the person's own shell does not have.
  const own = folders.filter((dir) => !/[/\\]node_modules[/\\]\.bin[/\\]?$/.test(dir));
  if (own.some((dir) => leadsTo(join(dir, 'holdfast'), script))) return 'holdfast';
  if (packageOf(folder) === realpathSync(project)) return 'npx holdfast';
  const hasNode = own.some((dir) => existsSync(join(dir, 'node')));
  if (hasNode && isExecutable(script)) return shellWord(script);
  return `${hasNode ? 'node' : shellWord(node)} ${shellWord(script)}`;
}

/** The folder that npm takes for the package of this one: the first above it with a package.json or node_modules. */
function packageOf(folder: string): string | null {
  for (let at = real(folder); at !== null; at = dirname(at)) {
    if (existsSync(join(at, 'package.json')) || existsSync(join(at, 'node_modules'))) return at;
    if (dirname(at) === at) return null;
  }
  return null;
}

function real(file: string): string | null {
  try {
    return realpathSync(file);
  } catch {
    return null;
  }
}

const leadsTo = (file: string, script: string): boolean => real(file) === script;

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The first words of our commands. Only before one of them `holdfast` is a command: it may also stand in a name or a path. */
export const COMMANDS = [
  'backup',
  'jobs',
  'sites',
  'temporal-ui',
  'hosts',
  'repositories',
  'schedules',
  'plans',
  'up',
  'api',
  'worker',
  'gateway',
  'agent',
  'migrate',
  'audit',
  'bootstrap',
] as const;

const COMMAND = new RegExp(`(?<![\\w./@-])holdfast(?= (?:${COMMANDS.join('|')})\\b)`, 'g');

/** A text of ours, with commands as they have to be typed here. */
export const asTypedHere = (text: string, command: string): string => text.replace(COMMAND, () => command);
