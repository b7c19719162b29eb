import { isPlainText } from '../core/plain-text.ts';

/** What is wrong with a plan, and with which of its fields. */
interface PlanRefusal {
  /** JSON pointer of the field. */
  readonly pointer: string;
  readonly message: string;
}

/** What Linux takes as a path. */
const MAX_PATH_BYTES = 4_095;
const MAX_EXCLUDE_BYTES = 4_095;
/** All of them travel in restic's arguments, of which Linux takes 2 MiB together with the environment. */
export const MAX_PLAN_BYTES = 512 * 1024;

/** Where a byte was that is no UTF-8: whoever decoded the name has lost which. */
const LOST_BYTE = '\ufffd';

/** The first thing about the paths and excludes of a plan that cannot work, or null. */
export function refusePlan(paths: readonly string[], excludes: readonly string[]): PlanRefusal | null {
  for (const [at, path] of paths.entries()) {
    const why = refusePath(path);
    if (why !== null) return { pointer: `/paths/${at}`, message: `The path "${shown(path)}" ${why}.` };
  }
  for (const at of excludes.keys()) {
    const why = refuseExclude(excludes[at]!, excludes.slice(0, at)) ?? refuseCovering(excludes[at]!, paths);
    if (why !== null) return { pointer: `/excludes/${at}`, message: `The exclude "${shown(excludes[at]!)}" ${why}.` };
  }
  const total = [...paths, ...excludes].reduce((sum, text) => sum + bytesOf(text), 0);
  if (total <= MAX_PLAN_BYTES) return null;
  const message = `The paths and excludes together have ${total} bytes; at most ${MAX_PLAN_BYTES} are allowed. Exclude a folder instead of what is in it.`;
  return { pointer: excludes.length > paths.length ? '/excludes' : '/paths', message };
}

/** Why a folder cannot be backed up by this name, or null. A leading `-` is no danger: every path starts with a slash. */
export function refusePath(path: string): string | null {
  if (path.includes(LOST_BYTE))
    return 'holds a byte that is no UTF-8, so it would name something else; name the folder above it';
  if (!isPlainText(path)) return 'has a line break or another control character';
  if (!path.startsWith('/')) return 'is not absolute: it has to start with "/"';
  if (path.split('/').includes('..')) return 'has ".." in it: write where it leads to';
  if (bytesOf(path) > MAX_PATH_BYTES) return `has ${bytesOf(path)} bytes; at most ${MAX_PATH_BYTES} are allowed`;
  return null;
}

/** Why restic could not use an exclude as it is meant, or null. `before`: the excludes in front of it. */
export function refuseExclude(pattern: string, before: readonly string[]): string | null {
  const negated = pattern.startsWith('!');
  const body = negated ? pattern.slice(1) : pattern;
  if (body.trim() === '') return 'is empty';
  if (pattern.includes(LOST_BYTE)) return 'holds a byte that is no UTF-8; write ? for it';
  if (!isPlainText(pattern)) return 'has a line break or another control character';
  if (bytesOf(pattern) > MAX_EXCLUDE_BYTES)
    return `has ${bytesOf(pattern)} bytes; at most ${MAX_EXCLUDE_BYTES} are allowed`;
  if (body.trim() !== body) return 'starts or ends with a blank; write [ ] for a blank that belongs to the name';
  if (/^~[\w.-]*(\/|$)/.test(body) && !/^~[\w.-]+$/.test(body))
    return 'would never match: restic does not know "~"; write the whole path, or [~] for a name that starts so';
  if (/(^|\/)\$(\{\w+\}|[A-Za-z_]\w*)(\/|$)/.test(body))
    return 'would never match: restic does not know variables; write the whole path, or [$] for a name that starts so';
  if (body.split('/').some((part) => part === '.' || part === '..'))
    return 'has "." or ".." as a part, which never stands in a path; write the whole path, or a name to leave it out everywhere';
  if (/^[/*]+$/.test(body)) return 'leaves out everything';
  if (!body.split('/').every((part) => GLOB.test(part)))
    return String.raw`cannot be read: a [ has to be closed by ], with something between, and \ stands before another character; write \[ for the character itself`;
  if (negated && before.every((earlier) => earlier.startsWith('!')))
    return 'takes back what an exclude before it left out, but there is none before it';
  return null;
}

/** An exclude without wildcards that is a path of the plan, or a folder above one, leaves nothing of it. */
function refuseCovering(pattern: string, paths: readonly string[]): string | null {
  const path = pattern.startsWith('/') ? paths.find((given) => isWithin(given, pattern)) : undefined;
  return path === undefined ? null : `leaves out the whole path "${shown(path)}"`;
}

export const OWN_DATA = "Holdfast's own data and keys";

/** What a plan may not take in, and why. */
export interface Forbidden {
  readonly folder: string;
  readonly what: string;
}

/** The first path that lies in what no backup takes in, or null. The agent looks again, where links can be followed. */
export function refuseOwnData(paths: readonly string[], forbidden: readonly Forbidden[]): PlanRefusal | null {
  for (const [at, path] of paths.entries()) {
    const found = forbidden.find(({ folder }) => isWithin(path, folder));
    if (found) return { pointer: `/paths/${at}`, message: `The path "${shown(path)}" lies in ${found.what}.` };
  }
  return null;
}

/** Is the path the folder, or something in it? */
export function isWithin(path: string, folder: string): boolean {
  const inner = partsOf(path);
  return partsOf(folder).every((part, at) => inner[at] === part);
}

const partsOf = (path: string): string[] => path.split('/').filter((part) => part !== '' && part !== '.');

/** One part of a pattern as Go's filepath.Match reads it, which restic uses. */
const CHARACTER = String.raw`(?:\\.|[^\\\]-])`;
const GLOB = new RegExp(String.raw`^(?:[^\\[]|\\.|\[(?:\^|(?!\^))(?:${CHARACTER}(?:-${CHARACTER})?)+\])*$`, 'su');

const bytesOf = (text: string): number => Buffer.byteLength(text);

/** Short enough to be read in a sentence; the end says more than the middle. */
const shown = (text: string): string => (text.length <= 120 ? text : `${text.slice(0, 60)}...${text.slice(-55)}`);
