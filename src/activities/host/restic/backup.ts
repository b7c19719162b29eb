import { BackupWork } from '../../../kinds/backup.ts';
import type { AttemptBody, AttemptContext } from '../attempt-context.ts';
import { secretOf, workOf } from '../work.ts';
import { type BackupOptions, backupCommand, type RepositoryAccess, type ResticDeps } from './command.ts';
import { recognise } from './identity.ts';
import { LOCK_PATIENCE_MS, pastLocks } from './lock-patience.ts';
import { withLock } from './lock-words.ts';
import { backupResult, endedAs, leftALock, madeSnapshot } from './outcome.ts';
import { ResticReading } from './reading.ts';
import { listen } from './speak.ts';
import { StallGuard } from './stall.ts';
import { unlockStale } from './unlock.ts';

/** Longer than the last pack takes on a slow line (128 MiB at 40 KiB/s): the figures stand still until it is stored. */
const STALL_LIMIT_MS = 60 * 60_000;

/** One restic process per backup where the repository is a folder: a look at it would cost a key derivation (0.2-0.7 s). */
export function backupBody(deps: ResticDeps, options: BackupOptions = {}): AttemptBody {
  return async (context) => {
    const answer = await context.claim();
    const work = workOf(BackupWork, answer);
    const access = { repositoryUrl: work.repositoryUrl, password: secretOf(answer, 'password') };
    const seen = await recognise(context, deps, access, work.known);
    if (seen.trouble !== null) return endedAs(seen.trouble);
    const { end, reading, stalled, lock } = await pastLocks(
      context,
      access.repositoryUrl,
      options.lockPatienceMs ?? LOCK_PATIENCE_MS,
      () => runBackup(context, deps, access, work, options),
    );
    if (end.stopped && !madeSnapshot(end, reading) && context.signal.aborted) throw context.signal.reason;
    if (stalled && !madeSnapshot(end, reading)) return endedAs('repository-stalled', seen.refs);
    return withLock(backupResult(end, reading, seen.refs), lock);
  };
}

async function runBackup(
  context: AttemptContext,
  deps: ResticDeps,
  access: RepositoryAccess,
  work: BackupWork,
  options: BackupOptions,
) {
  const reading = new ResticReading();
  const guard = new StallGuard(options.stallLimitMs ?? STALL_LIMIT_MS);
  const onLine = listen(context, reading, (progress) => guard.moved(progress));
  const end = await context
    .run(backupCommand(deps, access, work, options), onLine, guard.signal)
    .finally(() => guard.end());
  if (leftALock(end)) await unlockStale(context, deps, access);
  return { end, reading, stalled: guard.signal.aborted };
}
