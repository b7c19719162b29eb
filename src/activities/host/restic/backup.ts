import { BackupWork } from '../../../kinds/backup.ts';
import type { AttemptBody } from '../attempt-context.ts';
import { secretOf, workOf } from '../work.ts';
import { type BackupOptions, backupCommand, type ResticDeps } from './command.ts';
import { recognise } from './identity.ts';
import { backupResult, endedAs, leftALock, madeSnapshot } from './outcome.ts';
import { ResticReading } from './reading.ts';
import { listen } from './speak.ts';
import { unlockStale } from './unlock.ts';

/** One restic process per backup where the repository is a folder: a look at it would cost a key derivation (0.2-0.7 s). */
export function backupBody(deps: ResticDeps, options: BackupOptions = {}): AttemptBody {
  return async (context) => {
    const answer = await context.claim();
    const work = workOf(BackupWork, answer);
    const access = { repositoryUrl: work.repositoryUrl, password: secretOf(answer, 'password') };
    const seen = await recognise(context, deps, access, work.known);
    if (seen.trouble !== null) return endedAs(seen.trouble);
    const reading = new ResticReading();
    const end = await context.run(backupCommand(deps, access, work, options), listen(context, reading));
    if (leftALock(end)) await unlockStale(context, deps, access);
    if (end.stopped && !madeSnapshot(end, reading)) throw context.signal.reason;
    return backupResult(end, reading, seen.refs);
  };
}
