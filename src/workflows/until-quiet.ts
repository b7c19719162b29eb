import { ActivityFailure, proxyActivities, sleep, TimeoutFailure } from '@temporalio/workflow';
import type { QuiescenceInput } from '../domain/jobs/agent-protocol.ts';
import type { Outcome } from '../domain/jobs/outcome.ts';
import type { JobOrder, RunInput } from '../domain/jobs/run.ts';

/** After the stop protocol: for the clean-up, which may take 20 s, and for a busy host. */
const BEYOND_STOP_MS = 60_000;
/** It beats each 15 s. */
const HEARTBEAT_TIMEOUT_MS = 40_000;
const LEAST_HEARTBEAT_TIMEOUT_MS = 20_000;
const MAX_PAUSE_MS = 10_000;

/** When the host has stopped what it runs of a job by itself at the latest, where the rows cannot say: as if it had beaten just now. */
export function stopsByMs({ heartbeatTimeoutMs, stop }: JobOrder): number {
  return Date.now() + heartbeatTimeoutMs + stop.graceMs + BEYOND_STOP_MS;
}

/**
 * Returns when the host has said that nothing of the job runs there any more, or at `untilMs`, when it has stopped it by
 * itself. Asks again when the answer is lost; each time is an attempt of its own, whose number `nextNo` gives.
 */
export async function untilQuiet(run: RunInput, order: JobOrder, untilMs: number, nextNo: () => number): Promise<void> {
  for (let tries = 1; ; tries++) {
    const leftMs = untilMs - Date.now();
    if (leftMs <= 0 || (await ask(run, order, nextNo(), leftMs))) return;
    await sleep(Math.min(MAX_PAUSE_MS, 1_000 * 2 ** (tries - 1), Math.max(1, untilMs - Date.now())));
  }
}

/** True when there is nothing more to ask. */
async function ask(run: RunInput, order: JobOrder, no: number, leftMs: number): Promise<boolean> {
  const { 'host.quiescence.v1': quiescence } = proxyActivities<{
    'host.quiescence.v1': (input: QuiescenceInput) => Promise<Outcome>;
  }>({
    activityId: String(no),
    taskQueue: order.quickQueue!,
    summary: `Make sure that nothing of it runs: ${order.title}`,
    scheduleToStartTimeout: leftMs,
    startToCloseTimeout: order.stop.graceMs + BEYOND_STOP_MS,
    // An agent that is stopped takes it and never beats: the row says until when that is waited for.
    heartbeatTimeout: Math.max(LEAST_HEARTBEAT_TIMEOUT_MS, Math.min(HEARTBEAT_TIMEOUT_MS, leftMs)),
    retry: { maximumAttempts: 1 },
  });
  const { signal, graceMs, cleanUp } = order.stop;
  const of = { kind: order.kind, jobId: order.jobId, runNo: run.runNo, attempt: no };
  try {
    await quiescence({ ...of, stop: { signal, graceMs }, cleanUp });
    return true;
  } catch (thrown) {
    if (!(thrown instanceof ActivityFailure)) throw thrown;
    return thrown.cause instanceof TimeoutFailure && thrown.cause.timeoutType === 'SCHEDULE_TO_START';
  }
}
