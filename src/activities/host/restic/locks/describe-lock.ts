import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { AttemptResult } from '../../../../domain/jobs/outcome.ts';

/** What restic says of the lock that is in its way, as an outcome can carry it. */
export interface LockDescription {
  readonly refs: Readonly<Record<string, string>>;
  readonly counts: Readonly<Record<string, number>>;
}

const HELD = /already locked( exclusively)? by PID (\d+) on (\S+) by (\S*)/;
const AGE = /lock was created at [^(\n]*\(((?:[\d.]+(?:h|m|s|ms|µs))+) ago\)/;
const DAMAGED = /<lock\/([0-9a-f]+)>/;

/** Holder and age, or the file when the lock cannot be read; its age where the repository is a folder of this host. */
export async function describeLock(words: string, url: string, now: Date): Promise<LockDescription> {
  const held = HELD.exec(words);
  const [, damaged] = DAMAGED.exec(words) ?? [];
  if (held === null && damaged === undefined) return { refs: {}, counts: {} };
  if (held === null) {
    const age = await fileAge(url, damaged!, now);
    return { refs: { lockFile: `locks/${damaged}` }, counts: age === null ? {} : { lockAgeSeconds: age } };
  }
  const [, exclusively, pid, host, user] = held;
  const age = seconds(AGE.exec(words)?.[1]);
  return {
    refs: { lockHolder: holderWords({ user: user ?? '', host: host ?? '', pid: Number(pid) }) },
    counts: { lockExclusive: exclusively ? 1 : 0, ...(age === null ? {} : { lockAgeSeconds: age }) },
  };
}

export const holderWords = (holder: { readonly user: string; readonly host: string; readonly pid: number }): string =>
  `${holder.user === '' ? '' : `${holder.user}@`}${holder.host} (PID ${holder.pid})`;

async function fileAge(url: string, start: string, now: Date): Promise<number | null> {
  if (!url.startsWith('/')) return null;
  const names = await readdir(join(url, 'locks')).catch(() => []);
  const name = names.find((one) => one.startsWith(start));
  const file = name === undefined ? null : await stat(join(url, 'locks', name)).catch(() => null);
  return file === null ? null : Math.max(0, Math.floor((now.getTime() - file.mtimeMs) / 1_000));
}

const LOCK_CODES = ['repository-locked', 'repository-lock-damaged'];

/** The result with what is known of the lock, when it ended because of one. */
export function withLock(result: AttemptResult, { refs, counts }: LockDescription): AttemptResult {
  const { outcome } = result;
  if (!LOCK_CODES.includes(outcome.code)) return result;
  const merged = { ...outcome, refs: { ...outcome.refs, ...refs }, counts: { ...outcome.counts, ...counts } };
  return { ...result, outcome: merged };
}

const UNITS: Readonly<Record<string, number>> = { h: 3_600, m: 60, s: 1, ms: 0.001, µs: 0.000_001 };

/** Go's way to write a duration: `1h2m3.4s`. */
function seconds(duration: string | undefined): number | null {
  if (duration === undefined) return null;
  const parts = duration.matchAll(/([\d.]+)(h|ms|µs|m|s)/g);
  return Math.floor([...parts].reduce((sum, [, count, unit]) => sum + Number(count) * (UNITS[unit!] ?? 0), 0));
}
