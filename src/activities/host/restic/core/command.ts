import { isAbsolute } from 'node:path';
import { WORK_REFUSED } from '../../../../agent/attempt/attempt.ts';
import type { ProgramSpec } from '../../../../agent/programs/run-program.ts';
import { readRepositoryAddress } from '../../../../domain/backup/repository-address.ts';
import type { BackupWork } from '../../../../kinds/backup/backup.ts';
import { Failure } from '../../../../lib/failure.ts';
import { cacheFolder } from './cache-space.ts';
import type { StallLimits } from './stall.ts';
import type { ResticVersion } from './version.ts';

export interface ResticDeps {
  readonly resticPath: string;
  /** Null when it is not known: then only what 0.14 understands is used. */
  readonly resticVersion: ResticVersion | null;
  /** The agent's data folder. */
  readonly dataDir: string;
  /** What no backup takes in: this one's and, on its host, the control plane's. */
  readonly ownFolders: readonly string[];
  /** All that a child inherits: PATH, HOME and the like. No secrets. */
  readonly baseEnv: Readonly<Record<string, string>>;
}

export interface RepositoryAccess {
  readonly repositoryUrl: string;
  readonly password: string;
}

export interface BackupOptions {
  /** KiB/s; used by tests to have a slow backup, and by plans with a bandwidth limit. */
  readonly limitUploadKiB?: number;
  /** How long a lock of somebody else is waited for. */
  readonly lockRetryMs?: number;
  readonly stallLimits?: StallLimits;
  /** How long the storage may take to show which repository it holds. */
  readonly lookLimitMs?: number;
  readonly withoutCache?: boolean;
}

/**
 * Address and password travel in the environment of the child: an argument is readable by every user of the host, and
 * a file would outlive a crash. Only these variables are set, so RESTIC_PASSWORD_COMMAND and its kin cannot come in.
 */
function restic(deps: ResticDeps, access: RepositoryAccess, args: readonly string[]): ProgramSpec {
  const env = {
    ...deps.baseEnv,
    RESTIC_REPOSITORY: checkedUrl(access.repositoryUrl),
    RESTIC_PASSWORD: checkedPassword(access.password),
    RESTIC_CACHE_DIR: cacheFolder(deps.dataDir),
    // 1/s instead of 10-30/s: less to decode, and no viewer sees more than 2/s anyway.
    RESTIC_PROGRESS_FPS: '1',
  };
  return { file: deps.resticPath, args, env };
}

export function backupCommand(
  deps: ResticDeps,
  access: RepositoryAccess,
  work: Omit<BackupWork, 'repositoryUrl'>,
  options: BackupOptions = {},
): ProgramSpec {
  if (work.paths.length === 0) throw refused('the plan has no paths');
  const { limitUploadKiB } = options;
  return restic(deps, access, [
    'backup',
    '--json',
    ...(options.withoutCache ? ['--no-cache'] : []),
    ...(limitUploadKiB === undefined ? [] : [`--limit-upload=${Math.max(1, Math.trunc(limitUploadKiB))}`]),
    option('host', work.hostName),
    ...work.tags.map((tag) => option('tag', checkedTag(tag))),
    ...work.excludes.map(exclude),
    '--',
    ...work.paths.map(checkedPath),
  ]);
}

export const initCommand = (deps: ResticDeps, access: RepositoryAccess): ProgramSpec =>
  restic(deps, access, ['init', '--json']);

/** Opens the repository and changes nothing, not even by a lock. */
export const openCommand = (deps: ResticDeps, access: RepositoryAccess): ProgramSpec =>
  restic(deps, access, ['cat', '--json', '--no-lock', '--', 'config']);

export const listLocksCommand = (deps: ResticDeps, access: RepositoryAccess): ProgramSpec =>
  restic(deps, access, ['list', '--no-lock', '--', 'locks']);

export const catLockCommand = (deps: ResticDeps, access: RepositoryAccess, id: string): ProgramSpec =>
  restic(deps, access, ['cat', '--json', '--no-lock', '--', 'lock', id]);

/** Of living processes too. Only for when every lock there is was found unreadable, twice. */
export const unlockAllCommand = (deps: ResticDeps, access: RepositoryAccess): ProgramSpec =>
  restic(deps, access, ['unlock', '--remove-all']);

/** Without `--remove-all`: only locks whose process is dead, or that are older than 30 min. */
export const unlockStaleCommand = (deps: ResticDeps, access: RepositoryAccess): ProgramSpec =>
  restic(deps, access, ['unlock']);

/** `--name=value` in one argument, so that a value can never be read as an option; one that tries is refused anyway. */
function option(name: string, value: string): string {
  if (value === '') throw refused(`the value for ${name} is empty`);
  if (value.startsWith('-')) throw refused(`the value for ${name} starts with "-"`);
  if (hasLineBreak(value)) throw refused(`the value for ${name} holds a line break or NUL`);
  return `--${name}=${value}`;
}

/** A dash in front is a name like any other here: in one argument with `--exclude=` nothing reads it as an option. */
function exclude(pattern: string): string {
  if (pattern === '' || hasLineBreak(pattern)) throw refused('an exclude is empty or holds a line break or NUL');
  return `--exclude=${pattern}`;
}

function checkedTag(tag: string): string {
  // restic splits at commas, which would make two tags of one.
  if (!/^[\w.:@+/-]{1,200}$/.test(tag)) throw refused('a tag holds something else than letters, digits and .:@+/-_');
  return tag;
}

function checkedPath(path: string): string {
  // Relative paths give a tree without its prefix while the snapshot's `paths` show it (measured with 0.14).
  if (!isAbsolute(path)) throw refused('a path of the plan is not absolute');
  if (hasLineBreak(path)) throw refused('a path of the plan holds a line break or NUL');
  return path;
}

/** The same reading as when it was saved: an old row, or a control plane that was broken into, gets no further than here. */
function checkedUrl(url: string): string {
  const address = readRepositoryAddress(url);
  if ('refused' in address) throw refused(`the address of the repository ${address.refused}`);
  return address.url;
}

function checkedPassword(password: string): string {
  if (password === '' || password.includes('\0')) throw refused('the password of the repository is empty or holds NUL');
  return password;
}

const hasLineBreak = (value: string): boolean => /[\n\r\0]/.test(value);

/** The API refuses these when they are saved; here is the last place where an old row can be stopped. */
function refused(why: string): Failure {
  return new Failure(WORK_REFUSED, `restic was not started: ${why}`, { fault: 'operator' });
}
