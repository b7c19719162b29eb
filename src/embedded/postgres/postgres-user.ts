import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { shellWord } from '../../domain/core/shell-word.ts';
import { StartProblem } from '../../processes/place/start-problem.ts';

export interface RunAs {
  uid: number;
  gid: number;
  user: string;
}

function accounts(): RunAs[] {
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  return lines.flatMap((line) => {
    const [user, , uid, gid] = line.split(':');
    return user && uid && gid ? [{ user, uid: Number(uid), gid: Number(gid) }] : [];
  });
}

/**
 * As whom PostgreSQL runs: null means as we are. It refuses root, so root hands it to `postgres`, or to `nobody`
 * where that account is missing; an existing cluster stays with the account that owns its files.
 */
export function postgresUser(clusterDir: string): RunAs | null {
  const uid = process.getuid?.();
  if (uid !== 0) {
    if (uid !== undefined && !isKnown() && !existsSync(join(clusterDir, 'PG_VERSION'))) throw noAccount(uid);
    return null;
  }
  const owner = statSync(clusterDir, { throwIfNoEntry: false })?.uid;
  const known = accounts();
  const found =
    (owner ? known.find((account) => account.uid === owner) : undefined) ??
    known.find((account) => account.user === 'postgres') ??
    known.find((account) => account.user === 'nobody');
  if (found) return found;
  throw new StartProblem(
    'PostgreSQL refuses to run as root, and there is neither an account `postgres` nor `nobody` to run it as',
    '/etc/passwd',
    'Run `useradd --system postgres`, or start Holdfast as another user than root.',
  );
}

function isKnown(): boolean {
  try {
    return userInfo().username !== '';
  } catch {
    return false;
  }
}

/** initdb asks for its own name; containers may run under a number that no account has. */
const noAccount = (uid: number) =>
  new StartProblem(
    `PostgreSQL is made by an account that the system knows, and there is no account for uid ${uid}`,
    '/etc/passwd',
    `As root run \`useradd --uid ${uid} holdfast\`, start Holdfast as an account that exists, or set DATABASE_URL to a PostgreSQL server of your own.`,
  );

const allows = (bit: number, path: string, who: RunAs): boolean => {
  const { mode, uid, gid } = statSync(path);
  return (mode & (bit << (uid === who.uid ? 6 : gid === who.gid ? 3 : 0))) !== 0;
};
const mayEnter = (folder: string, who: RunAs) => allows(1, folder, who);

/** The folders on the way to it, topmost first. */
const parentsOf = (path: string): string[] => {
  const parent = dirname(path);
  return parent === path ? [] : [...parentsOf(parent), parent];
};

/** Whether all of a folder can be read. Only root may ask: what is closed to us we could not look into. */
function isReadable(folder: string, who: RunAs): boolean {
  if (!allows(4, folder, who) || !mayEnter(folder, who)) return false;
  return readdirSync(folder, { withFileTypes: true }).every((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? isReadable(path, who) : entry.isSymbolicLink() || allows(4, path, who);
  });
}

/**
 * Throws, with the one command that opens all that the account has to pass or read: the way to its program and to its
 * data, and the program itself. A clone below /root (0700) and one made under umask 077 are the usual ones.
 */
export function refuseClosed(program: string, data: string, who: RunAs): void {
  const ways = [...new Set([program, data].flatMap((path) => parentsOf(resolve(path))))];
  const closed = ways.filter((folder) => !mayEnter(folder, who));
  const unread = isReadable(program, who) ? [] : [program];
  if (closed.length + unread.length === 0) return;
  const words = (paths: readonly string[]) => paths.map(shellWord).join(' ');
  const commands = [
    ...(closed.length > 0 ? [`chmod o+x ${words(closed)}`] : []),
    ...(unread.length > 0 ? [`chmod -R o+rX ${words(unread)}`] : []),
  ];
  throw new StartProblem(
    `PostgreSQL runs as \`${who.user}\`, because it refuses root, and that user cannot reach its program or its data`,
    [...closed, ...unread].join(', '),
    `Run \`${commands.join(' && ')}\`, which opens no secret, or move Holdfast to a folder such as /opt, or start it as another user than root.`,
  );
}
