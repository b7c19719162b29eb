import { basename } from 'node:path';
import type { AttemptContext } from '../../../../agent/attempt/attempt-context.ts';
import { secretOf, workOf } from '../../../../agent/attempt/work.ts';
import { untilReaped } from '../../../../agent/programs/zombies.ts';
import { InitWork } from '../../../../kinds/backup/init-repository.ts';
import type { RepositoryAccess, ResticDeps } from '../core/command.ts';
import type { RunProgram } from './locks.ts';
import { removeStaleLocks } from './stale-locks.ts';

/** 20 s on top of the 75 s a stop may take: the lock is gone 95 s after the cancel at the latest. */
const UNLOCK_LIMIT_MS = 20_000;

/** What the process is called, also when a script of another name has become it: `exec restic`. */
const RESTIC = 'restic';

/** What dies with its agent is collected by the first process of the host, which takes its time when it is busy. */
const REAP_LIMIT_MS = 10_000;

/** Removes the lock of a restic that is known to be dead. Locks of living processes stay: never `--remove-all`. */
export async function unlockStale(context: AttemptContext, deps: ResticDeps, access: RepositoryAccess): Promise<void> {
  const until = context.now().getTime() + UNLOCK_LIMIT_MS;
  const run: RunProgram = (program, onLine) =>
    context.cleanUp(program, onLine, Math.max(1, until - context.now().getTime()));
  const done = await removeStaleLocks(context, run, deps, access);
  context.log(typeof done === 'string' ? `could not remove stale locks: ${done}` : 'removed stale locks');
}

/** The same for the remains of an agent that died together with its restic: claims the repository's password for it. */
export const unlockStaleOf =
  (deps: ResticDeps) =>
  async (context: AttemptContext): Promise<void> => {
    const answer = await context.claim();
    // Of every restic kind's work this reads the address only.
    const { repositoryUrl } = workOf(InitWork, answer);
    if (!(await untilReaped([RESTIC, basename(deps.resticPath)], REAP_LIMIT_MS)))
      context.log(
        'A dead restic is still in the process table (nobody collects it): its lock counts as held until it is old.',
      );
    await unlockStale(context, deps, { repositoryUrl, password: secretOf(answer, 'password') });
  };
