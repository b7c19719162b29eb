import {
  ActivityFailure,
  ApplicationFailure,
  isCancellation,
  proxyActivities,
  TimeoutFailure,
} from '@temporalio/workflow';
import type { HostActivityInput } from '../domain/jobs/agent-protocol.ts';
import type { Outcome } from '../domain/jobs/outcome.ts';
import type { JobOrder, RunInput } from '../domain/jobs/run.ts';

export type AttemptAnswer =
  | { readonly end: 'answered'; readonly outcome: Outcome }
  | { readonly end: 'cancelled' }
  | { readonly end: 'never-started' }
  | { readonly end: 'too-long' }
  | { readonly end: 'lost' }
  | { readonly end: 'threw'; readonly code: string };

/** One host activity. Temporal never retries it: whether it may be done again is decided by what is known of it. */
export async function perform(run: RunInput, order: JobOrder, no: number): Promise<AttemptAnswer> {
  const activities = proxyActivities<Record<string, (input: HostActivityInput) => Promise<Outcome>>>({
    activityId: String(no),
    taskQueue: order.taskQueue,
    summary: order.title,
    scheduleToStartTimeout: order.scheduleToStartMs,
    startToCloseTimeout: order.runTimeoutMs,
    heartbeatTimeout: order.heartbeatTimeoutMs,
    // Left out it is TRY_CANCEL in fact: the job would end while its program still runs.
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    retry: { maximumAttempts: 1 },
  });
  const input: HostActivityInput = { kind: order.kind, jobId: order.jobId, runNo: run.runNo, attempt: no };
  try {
    return { end: 'answered', outcome: await activities[order.activity]!(input) };
  } catch (thrown) {
    return answerOf(thrown);
  }
}

function answerOf(thrown: unknown): AttemptAnswer {
  if (isCancellation(thrown)) return { end: 'cancelled' };
  if (!(thrown instanceof ActivityFailure)) throw thrown;
  const { cause } = thrown;
  if (cause instanceof TimeoutFailure) {
    if (cause.timeoutType === 'SCHEDULE_TO_START') return { end: 'never-started' };
    return { end: cause.timeoutType === 'START_TO_CLOSE' ? 'too-long' : 'lost' };
  }
  if (cause instanceof ApplicationFailure && cause.type === 'HostActivityFault')
    return { end: 'threw', code: cause.message };
  // The agent was shut down or restarted, or the gateway said that the attempt is not its own any more.
  return { end: 'lost' };
}
