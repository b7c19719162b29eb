import type { AttemptBody, AttemptContext } from '../../../../agent/attempt/attempt-context.ts';
import { secretOf, workOf } from '../../../../agent/attempt/work.ts';
import type { AttemptResult } from '../../../../domain/jobs/outcome.ts';
import type { UnlockCode } from '../../../../kinds/backup/restic-outcomes.ts';
import { UnlockWork } from '../../../../kinds/backup/unlock-repository.ts';
import { type RepositoryAccess, type ResticDeps, unlockAllCommand } from '../core/command.ts';
import { recognise } from '../core/identity.ts';
import { endedAs, troubleOf } from '../core/outcome.ts';
import { processOutput } from '../core/process-output.ts';
import { ResticReading } from '../core/reading.ts';
import { type Lock, lockInWords, MOST_READ, readLocks } from './locks.ts';
import { removeLockFile, removeStaleLocks } from './stale-locks.ts';

/** A lock that is still being written becomes readable in this time. */
const SETTLE_MS = 5_000;

/** Removes locks that hold nothing any more: of dead processes, and files that are no lock because they were cut off. */
export function unlockBody(deps: ResticDeps): AttemptBody {
  return async (context) => {
    const answer = await context.claim();
    const work = workOf(UnlockWork, answer);
    const access = { repositoryUrl: work.repositoryUrl, password: secretOf(answer, 'password') };
    const seen = await recognise(context, deps, access, work.known);
    if (seen.trouble !== null) return endedAs(seen.trouble);
    const done = await removeStaleLocks(context, context.run, deps, access);
    if (context.signal.aborted) throw context.signal.reason;
    if (typeof done === 'string') return endedAs(done);
    const left = done.left.some(isDamaged) ? await removeDamaged(context, deps, access, done.left) : done.left;
    if (context.signal.aborted) throw context.signal.reason;
    return typeof left === 'string'
      ? endedAs(left)
      : result(done.removed + done.left.length - left.length, left, seen.refs, context.now());
  };
}

const isDamaged = ({ holder }: Lock): boolean => holder === null;

/**
 * restic cannot remove one lock by its name. In a folder the file itself goes. Elsewhere all go, and only when none can
 * be read: while a damaged one is there, restic from 0.15 on takes no new lock, so no living one comes in between.
 */
async function removeDamaged(
  context: AttemptContext,
  deps: ResticDeps,
  access: RepositoryAccess,
  before: readonly Lock[],
) {
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const locks = await readLocks(context.run, deps, access);
  if (typeof locks === 'string') return locks;
  const damaged = locks.filter((lock) => isDamaged(lock) && before.some(({ id, holder }) => id === lock.id && !holder));
  const inFolder = access.repositoryUrl.startsWith('/');
  // Beyond the ones that are read there may be more, of the living too.
  const mayTakeAll = damaged.length === locks.length && locks.length < MOST_READ;
  if (damaged.length === 0 || (!inFolder && !mayTakeAll)) return locks;
  if (inFolder) for (const lock of damaged) await removeLockFile(access, lock);
  else {
    const reading = new ResticReading();
    const end = await context.run(unlockAllCommand(deps, access), processOutput(context, reading));
    if (end.exitCode !== 0) return troubleOf(end, reading);
  }
  for (const lock of damaged) context.log(`removed the ${lockInWords(lock, context.now())}`);
  return locks.filter((lock) => !damaged.includes(lock));
}

function result(
  removed: number,
  left: readonly Lock[],
  refs: Readonly<Record<string, string>>,
  now: Date,
): AttemptResult {
  const code: UnlockCode = left.length > 0 ? 'locks-remain' : removed > 0 ? 'unlocked' : 'nothing-locked';
  const failures = left.map((lock) => ({
    code: isDamaged(lock) ? 'lock-damaged' : 'lock-held',
    item: `locks/${lock.id.slice(0, 10)}`,
    message: lockInWords(lock, now),
  }));
  const counts = { locksRemoved: removed, locksLeft: left.length };
  return { outcome: { code, counts, refs }, failures, failureCount: failures.length };
}
