import { BEAT_INTERVAL_MS, type BeatAnswer } from '../../domain/jobs/agent-protocol.ts';
import { asError } from '../../lib/failure.ts';
import type { RandomBytes } from '../../lib/ids.ts';
import type { Log } from '../../lib/log.ts';
import { backoffMs } from './backoff.ts';

interface PresenceParts {
  readonly beat: () => Promise<BeatAnswer>;
  readonly random: RandomBytes;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly sleep: (ms: number) => Promise<void>;
}

/** Beats until the gateway says that this agent has to stop, and gives that verdict; null when it was told to end. */
export async function keepPresent(parts: PresenceParts): Promise<'superseded' | 'revoked' | null> {
  for (let misses = 0; !parts.signal.aborted; ) {
    try {
      const { verdict } = await parts.beat();
      if (verdict !== 'ok') return verdict;
      if (misses > 0) parts.log.info({ misses }, 'gateway reachable again');
      misses = 0;
    } catch (thrown) {
      misses++;
      if (misses === 1) parts.log.warn({ err: asError(thrown) }, 'beat failed');
    }
    // A lease is 25 s: after a miss the next try must not wait for the next beat's turn.
    await parts.sleep(misses > 0 ? Math.min(BEAT_INTERVAL_MS, backoffMs(misses, parts.random)) : BEAT_INTERVAL_MS);
  }
  return null;
}
