import type { ProgramEnd } from '../../../../agent/programs/run-program.ts';
import type { AttemptResult } from '../../../../domain/jobs/outcome.ts';
import type { BackupCode, TroubleCode } from '../../../../kinds/backup/restic-outcomes.ts';
import type { ResticReading } from './reading.ts';

/** restic's exit codes from 0.17 on; 1 says nothing, and older ones answer 1 to everything. */
const BY_EXIT_CODE: Readonly<Record<number, TroubleCode>> = {
  10: 'repository-missing',
  11: 'repository-locked',
  12: 'repository-wrong-password',
  // Of the shell and of setpriv: found, but not a program for this machine.
  126: 'program-missing',
  127: 'program-missing',
};

/** In this order: a dead server's text also says "unable to open config file". */
const BY_WORDS: readonly (readonly [RegExp, TroubleCode])[] = [
  [/wrong password or no key found/i, 'repository-wrong-password'],
  [/already locked/i, 'repository-locked'],
  [/invalid lock file|<lock\/[0-9a-f]+>[^\n]*(invalid data|verification failed)/i, 'repository-lock-damaged'],
  [/\(413\)|payload too large|request entity too large/i, 'upload-too-large'],
  [/no space left on device|disk quota exceeded|\(507\)|insufficient storage/i, 'no-space'],
  // Go's words for a proxy that cannot be reached or that wants a password.
  [/proxyconnect|proxy authentication required/i, 'proxy-unreachable'],
  [/host key verification failed|remote host identification has changed/i, 'ssh-host-key-unknown'],
  [/subprocess ssh: [^\n]*permission denied \(/i, 'ssh-key-refused'],
  [/\((401|403)\)|permission denied|access ?denied|InvalidAccessKeyId|SignatureDoesNotMatch/i, 'repository-refused'],
  [
    /connection (refused|reset)|no such host|i\/o timeout|no route to host|network is unreachable|tls:|x509:|deadline exceeded|subprocess ssh exited|start the sftp session|\(5\d\d\)/i,
    'repository-unreachable',
  ],
  [/unable to open config file|repository does not exist|is there a repository at/i, 'repository-missing'],
];

/** Why a restic that did not do its work did not do it: exit code first, then its words. */
export function troubleOf(end: ProgramEnd, reading: ResticReading): TroubleCode {
  if (end.notStarted !== null) return 'program-missing';
  if (end.signal !== null) return 'restic-crashed';
  const byCode = end.exitCode === null ? undefined : BY_EXIT_CODE[end.exitCode];
  if (byCode !== undefined) return byCode;
  return troubleInWords(reading.lastMessage) ?? 'restic-failed';
}

export function troubleInWords(said: string): TroubleCode | null {
  return BY_WORDS.find(([words]) => words.test(said))?.[1] ?? null;
}

/** What the storage says no to, and will again: restic tries it for a quarter of an hour. */
export const HOPELESS = /\((413|507)\)|no space left on device|quota exceeded/i;

/** restic prints the id only after the snapshot is stored; exit codes 0 and 3 say so too. */
export function madeSnapshot(end: ProgramEnd, reading: ResticReading): boolean {
  return reading.snapshotId !== null || end.exitCode === 0 || end.exitCode === 3;
}

export function backupCode(end: ProgramEnd, reading: ResticReading): BackupCode {
  if (end.notStarted === 'E2BIG') return 'command-too-long';
  if (!madeSnapshot(end, reading)) {
    const gone = /all (source|target) directories\/files do not exist/i.test(reading.lastMessage);
    return end.exitCode === 1 && gone ? 'all-paths-missing' : troubleOf(end, reading);
  }
  // A stop that came too late to prevent the snapshot changes restic's exit code, not what was made.
  const wentWrong = end.exitCode !== 0 && end.exitCode !== 3 && !end.stopped;
  if (wentWrong) return 'error-after-snapshot';
  // Up to 0.18 a missing path leaves the exit code at 0; from 0.19 on it is 3, as for unreadable files.
  if (reading.pathsMissing > 0 && reading.itemErrors === 0) return 'some-path-missing';
  if (end.exitCode === 3 || (end.exitCode !== 0 && reading.itemErrors > 0)) return 'partial';
  if (reading.pathsMissing > 0) return 'partial';
  return reading.counts === null ? 'succeeded-without-summary' : 'succeeded';
}

/** `seen`: what was learnt of the repository on the way. */
export function backupResult(
  end: ProgramEnd,
  reading: ResticReading,
  seen: Readonly<Record<string, string>> = {},
): AttemptResult {
  const failureCount = reading.itemErrors + reading.pathsMissing;
  return {
    outcome: {
      code: backupCode(end, reading),
      counts: { ...reading.counts, failures: failureCount, pathsMissing: reading.pathsMissing },
      refs: { ...seen, ...(reading.snapshotId === null ? {} : { snapshotId: reading.snapshotId }) },
    },
    failures: reading.failures,
    failureCount,
  };
}

/** An end without figures: it came to nothing, or there was nothing to count. */
export function endedAs(code: string, refs: Readonly<Record<string, string>> = {}): AttemptResult {
  return { outcome: { code, counts: {}, refs }, failures: [], failureCount: 0 };
}

/** A restic that was ended by a signal it cannot catch had no chance to remove its lock. */
export const leftALock = (end: ProgramEnd): boolean => end.killed || end.signal !== null;
