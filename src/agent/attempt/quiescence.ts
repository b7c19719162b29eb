import type { QuiescenceInput } from '../../domain/jobs/agent-protocol.ts';
import { asError } from '../../lib/failure.ts';
import { findOrphans, stopOrphans } from '../programs/orphans.ts';
import type { AttemptBody, AttemptContext } from './attempt-context.ts';

/** Removes what a killed program left behind, by the names that kinds give in their stop protocol. */
export type CleanUps = Readonly<Record<string, (context: AttemptContext) => Promise<void>>>;

/**
 * Ends only when no program of the job runs on this host any more: what is left of one is ended by its stop protocol.
 * The agent has ended its own attempt of the job before. Then the kind's clean-up runs: a program that died with its agent
 * could remove nothing.
 */
export function quiescenceBody(agentMark: string, cleanUps: CleanUps): AttemptBody {
  return async (context) => {
    const { jobId, cleanUp } = context.input as QuiescenceInput;
    const stopped = await stopOrphans(() => findOrphans(agentMark, jobId));
    context.log(
      stopped.found === 0
        ? 'No program of this job runs on this host.'
        : `Ended what still ran of this job on this host: ${stopped.found} processes, ${stopped.killed} of them by SIGKILL.`,
    );
    const cleaned = cleanUp === null || (await clean(context, cleanUps[cleanUp]));
    const counts = { found: stopped.found, killed: stopped.killed, cleanUpFailed: cleaned ? 0 : 1 };
    return { outcome: { code: 'quiet', counts, refs: {} }, failures: [], failureCount: 0 };
  };
}

/** A clean-up that fails leaves a lock that the next one removes; that the host is quiet is true all the same. */
async function clean(context: AttemptContext, cleanUp: CleanUps[string] | undefined): Promise<boolean> {
  try {
    if (cleanUp === undefined) throw new Error('this agent does not know it');
    await cleanUp(context);
    return true;
  } catch (thrown) {
    if (context.signal.aborted) throw thrown;
    context.log(`The clean-up failed: ${asError(thrown).message}`);
    return false;
  }
}
