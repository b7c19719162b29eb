import { asError } from '../../lib/failure.ts';
import type { Log } from '../../lib/log.ts';
import { findOrphans, stopOrphans } from '../programs/orphans.ts';

/** Programs that outlived the agent before, ended by their stop protocol before any work is taken. Never rejects. */
export async function endOrphans({ agentMark, log }: { readonly agentMark: string; readonly log: Log }): Promise<void> {
  try {
    const { found, killed } = await stopOrphans(() => findOrphans(agentMark, null));
    if (found > 0) log.warn({ found, killed }, 'orphaned programs ended');
  } catch (thrown) {
    log.error({ err: asError(thrown) }, 'ending orphaned programs failed');
  }
}
