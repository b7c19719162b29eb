import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { LineHandler } from '../../../../agent/attempt/attempt-context.ts';
import type { ProgramEnd, ProgramSpec } from '../../../../agent/programs/run-program.ts';
import type { TroubleCode } from '../../../../kinds/backup/restic-outcomes.ts';
import { catLockCommand, listLocksCommand, type RepositoryAccess, type ResticDeps } from '../core/command.ts';
import { decodeLine } from '../core/decode.ts';
import { troubleOf } from '../core/outcome.ts';
import { ResticReading } from '../core/reading.ts';
import { holderWords } from './describe-lock.ts';

/** Runs a program under whatever bounds the caller has. */
export type RunProgram = (program: ProgramSpec, onLine: LineHandler) => Promise<ProgramEnd>;

interface LockHolder {
  readonly host: string;
  readonly user: string;
  readonly pid: number;
  readonly exclusive: boolean;
  readonly madeAt: Date;
}

export interface Lock {
  readonly id: string;
  /** Null: its file is there and cannot be read: cut off, or not restic's. */
  readonly holder: LockHolder | null;
  /** When its file was written, by the clock of the storage; null where that is not seen. */
  readonly writtenAt: Date | null;
}

/** Each costs restic a key derivation; with more than these something else is wrong. */
export const MOST_READ = 20;
const UNREADABLE = /invalid data returned|verification failed|invalid character|unexpected end of JSON/i;
const GONE = /no such file|does not exist|not found|\(404\)/i;

/** The locks of the repository with whose they are, without making one. Those that went meanwhile are left out. */
export async function readLocks(
  run: RunProgram,
  deps: ResticDeps,
  access: RepositoryAccess,
): Promise<readonly Lock[] | TroubleCode> {
  const list = await printed(run, listLocksCommand(deps, access));
  if (list.end.exitCode !== 0) return troubleOf(list.end, list.reading);
  const ids = list.text.split('\n').filter((line) => /^[0-9a-f]{64}$/.test(line));
  const locks: Lock[] = [];
  for (const id of ids.slice(0, MOST_READ)) {
    const { end, text, reading } = await printed(run, catLockCommand(deps, access, id));
    const holder = end.exitCode === 0 ? holderIn(text) : null;
    if (end.exitCode !== 0 && GONE.test(reading.lastMessage)) continue;
    if (end.exitCode !== 0 && !UNREADABLE.test(reading.lastMessage)) return troubleOf(end, reading);
    locks.push({ id, holder, writtenAt: await writtenAt(access.repositoryUrl, id) });
  }
  return locks;
}

/** `root@db-1 (PID 42), exclusive, made 3 min ago by the clock of db-1`. */
export function lockInWords({ id, holder, writtenAt }: Lock, now: Date): string {
  const file = `locks/${id.slice(0, 10)}`;
  if (holder === null)
    return writtenAt === null ? `damaged file ${file}` : `damaged file ${file}, written ${ago(writtenAt, now)}`;
  const how = holder.exclusive ? 'exclusive' : 'shared';
  return `${holderWords(holder)}, ${how}, made ${ago(holder.madeAt, now)} by the clock of ${holder.host}`;
}

function ago(then: Date, now: Date): string {
  const seconds = Math.round((now.getTime() - then.getTime()) / 1_000);
  if (seconds < 0) return `${-seconds} s in the future`;
  return seconds < 120 ? `${seconds} s ago` : `${Math.floor(seconds / 60)} min ago`;
}

async function printed(run: RunProgram, program: ProgramSpec) {
  const reading = new ResticReading();
  let text = '';
  const end = await run(program, (stream, line) => {
    if (stream === 'out') text += `${line.slice(0, 1_000)}\n`;
    else reading.take(decodeLine(line));
  });
  return { end, text, reading };
}

function holderIn(text: string): LockHolder | null {
  try {
    const { hostname, username, pid, exclusive, time } = JSON.parse(text) as Record<string, unknown>;
    const madeAt = new Date(String(time));
    if (typeof hostname !== 'string' || typeof pid !== 'number' || Number.isNaN(madeAt.getTime())) return null;
    return { host: hostname, user: String(username ?? ''), pid, exclusive: exclusive === true, madeAt };
  } catch {
    return null;
  }
}

async function writtenAt(url: string, id: string): Promise<Date | null> {
  if (!url.startsWith('/')) return null;
  return (await stat(join(url, 'locks', id)).catch(() => null))?.mtime ?? null;
}
