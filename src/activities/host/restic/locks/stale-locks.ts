import { rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { AttemptContext } from '../../../../agent/attempt/attempt-context.ts';
import type { TroubleCode } from '../../../../kinds/backup/restic-outcomes.ts';
import { type RepositoryAccess, type ResticDeps, unlockStaleCommand } from '../core/command.ts';
import { troubleOf } from '../core/outcome.ts';
import { processOutput } from '../core/process-output.ts';
import { ResticReading } from '../core/reading.ts';
import { type Lock, lockInWords, type RunProgram, readLocks } from './locks.ts';

/** From this age on restic takes a lock for dead, whoever has it; a living holder writes its file anew each 5 min. */
const STALE_MS = 30 * 60_000;

/**
 * Removes the locks of dead processes, and says whose they were. restic goes by the time that the holder wrote, so a
 * living one whose clock is wrong looks dead to it: where the files can be seen, that is noticed, and only the others go.
 */
export async function removeStaleLocks(
  context: AttemptContext,
  run: RunProgram,
  deps: ResticDeps,
  access: RepositoryAccess,
): Promise<{ readonly removed: number; readonly left: readonly Lock[] } | TroubleCode> {
  const now = context.now();
  const locks = await readLocks(run, deps, access);
  if (typeof locks === 'string') return locks;
  const wrongClocks = locks.filter((lock) => hasWrongClock(lock, now));
  for (const lock of wrongClocks) context.log(`left alone, its host's clock is wrong: ${lockInWords(lock, now)}`);
  if (wrongClocks.length > 0)
    await Promise.all(locks.filter((lock) => isDead(lock, now)).map((lock) => removeLockFile(access, lock)));
  else {
    const reading = new ResticReading();
    const end = await run(unlockStaleCommand(deps, access), processOutput(context, reading));
    if (end.exitCode !== 0) return troubleOf(end, reading);
  }
  const left = await readLocks(run, deps, access);
  if (typeof left === 'string') return left;
  const gone = locks.filter((lock) => !left.some(({ id }) => id === lock.id));
  for (const lock of gone) context.log(`removed the lock of ${lockInWords(lock, now)}`);
  return { removed: gone.length, left };
}

/** Only for a repository in a folder of this host. Its holder may have removed it meanwhile. */
export const removeLockFile = ({ repositoryUrl }: RepositoryAccess, { id }: Lock): Promise<void> =>
  rm(join(repositoryUrl, 'locks', id), { force: true });

/** Old by the holder's clock, while its file was written a moment ago. */
function hasWrongClock({ holder, writtenAt }: Lock, now: Date): boolean {
  if (holder === null || writtenAt === null || holder.host === hostname()) return false;
  return isOld(holder.madeAt, now) && !isOld(writtenAt, now);
}

function isDead({ holder, writtenAt }: Lock, now: Date): boolean {
  if (holder === null) return false;
  if (holder.host === hostname()) return !isRunning(holder.pid);
  return isOld(holder.madeAt, now) && writtenAt !== null && isOld(writtenAt, now);
}

const isOld = (then: Date, now: Date): boolean => now.getTime() - then.getTime() > STALE_MS;

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'EPERM';
  }
}
