import { existsSync, readFileSync, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { StartProblem } from './start-problem.ts';

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

function mayEnter(folder: string, who: RunAs): boolean {
  const { mode, uid, gid } = statSync(folder);
  if (uid === who.uid) return (mode & 0o100) !== 0;
  if (gid === who.gid) return (mode & 0o010) !== 0;
  return (mode & 0o001) !== 0;
}

/** Throws, naming the topmost folder on the way to `target` that the account cannot pass. A clone below /root (0700) is the usual one. */
export function refuseClosedParents(target: string, who: RunAs, purpose: string): void {
  const parents: string[] = [];
  for (let folder = dirname(resolve(target)); ; folder = dirname(folder)) {
    parents.unshift(folder);
    if (folder === dirname(folder)) break;
  }
  const closed = parents.find((folder) => !mayEnter(folder, who));
  if (!closed) return;
  throw new StartProblem(
    `PostgreSQL runs as \`${who.user}\`, because it refuses root, and that user cannot reach ${purpose}`,
    `${closed} on the way to ${target}`,
    `Run \`chmod o+x ${closed}\`, or move Holdfast to a folder such as /opt, or start it as another user than root.`,
  );
}
