import { ActivityNotFoundError, ApplicationFailure, type Client } from '@temporalio/client';
import { runWorkflowId } from '../domain/jobs/workflow-id.ts';
import type { KnownRun } from './inspect-run.ts';

/** The number of an attempt; other activities of a run go by other names. */
const ATTEMPT = /^[1-9]\d*$/;
const STARTED = 2;

/**
 * Ends the attempts of a run that Temporal gave to a host before `startedBefore` and waits for. The run takes it as an
 * attempt whose answer was lost and looks for what is known of it. Returns how many there were.
 */
export async function failLostActivities(client: Client, run: KnownRun, startedBefore: Date): Promise<number> {
  const workflowId = runWorkflowId(run.jobId, run.runNo);
  const handle = client.workflow.getHandle(workflowId, run.runId ?? undefined);
  const { raw } = await handle.describe();
  let ended = 0;
  for (const { activityId, state, lastStartedTime } of raw.pendingActivities ?? []) {
    if (!activityId || !ATTEMPT.test(activityId) || state !== STARTED) continue;
    if (Number(lastStartedTime?.seconds ?? 0) * 1000 > startedBefore.getTime()) continue;
    const failure = ApplicationFailure.create({ type: 'AnswerLost', message: 'The answer was lost on its way.' });
    try {
      await client.activity.fail({ workflowId, ...(run.runId ? { runId: run.runId } : {}), activityId }, failure);
      ended++;
    } catch (thrown) {
      // It came in this moment.
      if (!(thrown instanceof ActivityNotFoundError)) throw thrown;
    }
  }
  return ended;
}
