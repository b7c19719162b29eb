import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface WitnessOptions {
  readonly folder: string;
  readonly hostName: string;
  readonly restic: string;
  /** New bytes that each backup finds, so that it has something to do: restic would skip what it knows. */
  readonly source: string;
  readonly freshKiB: number;
  readonly uploadKiBPerSecond: number;
  readonly manners?: Manners;
}

/**
 * `tree`: has children and grandchildren, one of which left its process group. `stubborn`: a backup that hears no signal.
 * `floodLines`: says so many lines, 20,000 a second, before it backs up.
 */
export type Manners = 'good' | 'tree' | 'stubborn' | { readonly floodLines: number };

const FLOOD = fileURLToPath(new URL('./flood-program.ts', import.meta.url));
const BEFORE_BACKUP = {
  good: ':',
  tree: 'sleep 301 & (sleep 302 & sleep 303) & setsid sleep 304 &',
  stubborn: `trap '' INT TERM HUP; while :; do sleep 1; done`,
};
const beforeBackup = (manners: Manners): string =>
  typeof manners === 'string' ? BEFORE_BACKUP[manners] : `'${process.execPath}' '${FLOOD}' ${manners.floodLines}`;

/**
 * The restic that an agent of a fault stack is given: the real one behind a witness. Before it may touch a repository
 * it takes a lock of the kernel for its host and one for its job, both held by the open file until the process is gone,
 * whoever kills it. A lock that is taken is written down: two programs of one job, or two jobs of one host, ran at the
 * same time. That says nothing of our rows and is therefore worth something as a proof of them.
 */
export function writeWitness({ folder, hostName, restic, source, manners = 'good', ...speed }: WitnessOptions): string {
  mkdirSync(folder, { recursive: true });
  mkdirSync(source, { recursive: true });
  // Of an empty folder no snapshot is made: restic would not even be started.
  writeFileSync(join(source, 'always'), 'there');
  const file = join(folder, `restic-${hostName}`);
  const script = `#!/bin/sh
case "$1" in
  backup|init) ;;
  *) exec '${restic}' "$@" ;;
esac
exec 7>>'${folder}/host-${hostName}.lock' 8>>"${folder}/$HOLDFAST_JOB_ID.lock"
flock -n 7 || echo "two programs at once on ${hostName}: $HOLDFAST_JOB_ID $1" >>'${folder}/violations'
flock -n 8 || echo "two programs at once of $HOLDFAST_JOB_ID $1" >>'${folder}/violations'
echo "$HOLDFAST_JOB_ID $1" >>'${folder}/begun'
if [ "$1" = backup ]; then
  head -c ${speed.freshKiB * 1024} /dev/urandom >'${source}/fresh'
  ${beforeBackup(manners)}
fi
exec '${restic}' --limit-upload=${speed.uploadKiBPerSecond} "$@"
`;
  writeFileSync(file, script, { mode: 0o755 });
  return file;
}

/** What was seen since somebody asked last. */
export function takeViolations(folder: string): string[] {
  const file = join(folder, 'violations');
  const seen = linesOf(file);
  rmSync(file, { force: true });
  return seen;
}

/** Job ids, one for each time that a program began to touch a repository. */
export const begunOf = (folder: string): string[] => linesOf(join(folder, 'begun')).map((line) => line.split(' ')[0]!);

function linesOf(file: string): string[] {
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
}
