import type { AttemptContext } from '../../../../agent/attempt/attempt-context.ts';
import type { ProgramEnd } from '../../../../agent/programs/run-program.ts';
import { sleep } from '../../../../lib/sleep.ts';
import { madeSnapshot, troubleOf } from '../core/outcome.ts';
import type { ResticReading } from '../core/reading.ts';
import { describeLock, type LockDescription } from './describe-lock.ts';

/** As long as restic's own `--retry-lock=2m` did, which is silent with `--json` and unknown before 0.16. */
export const LOCK_RETRY_MS = 120_000;
const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 30_000;

interface Ran {
  readonly end: ProgramEnd;
  readonly reading: ResticReading;
}

/**
 * Runs restic again while a lock of somebody else is in its way, and says meanwhile whose. Our own never meet: the keys
 * see to that. `lock`: whose it was, when the last run ended because of one.
 */
export async function retryWhileLocked<R extends Ran>(
  context: AttemptContext,
  repositoryUrl: string,
  retryMs: number,
  once: () => Promise<R>,
): Promise<R & { readonly lock: LockDescription }> {
  const until = context.now().getTime() + retryMs;
  let pauseMs = FIRST_PAUSE_MS;
  for (;;) {
    const ran = await once();
    const lock = await describeLock(ran.reading.lastMessage, repositoryUrl, context.now());
    const locked = !madeSnapshot(ran.end, ran.reading) && troubleOf(ran.end, ran.reading) === 'repository-locked';
    if (!locked) context.note(null);
    if (!locked || context.signal.aborted || context.now().getTime() + pauseMs > until) return { ...ran, lock };
    context.note(`${lock.refs.lockHolder ?? 'another restic process'} holds a lock on the repository; trying again`);
    // Ends early when the attempt is stopped: what is tried next is not started then.
    await sleep(pauseMs, context.signal);
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
  }
}
