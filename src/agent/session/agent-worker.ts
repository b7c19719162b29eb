import { type NativeConnection, Worker } from '@temporalio/worker';
import type { HelloAnswer } from '../../domain/jobs/agent-protocol.ts';
import { asError } from '../../lib/failure.ts';
import { sleep } from '../../lib/sleep.ts';
import { type AttemptParts, attemptInterceptor, type HostActivities, withLink } from './attempt-interceptor.ts';
import type { AgentLane } from './running-attempts.ts';

const WATCH_MS = 1_000;
/** After the grace time, for cancelled activities to end and for their answers to leave. */
const STOP_MS = 5_000;
/** One at a time is what the host's key means; the quick lane only reads, and clears up. */
const AT_ONCE: Readonly<Record<AgentLane, number>> = { main: 1, quick: 4 };

interface AgentWorkerParts extends AttemptParts {
  readonly connection: NativeConnection;
  readonly hello: HelloAnswer;
  readonly activities: Readonly<Record<AgentLane, HostActivities>>;
  readonly shutdownGraceMs: number;
}

/** The SDK's worker for one of the host's lanes. */
export function makeAgentWorker(parts: AgentWorkerParts, lane: AgentLane): Promise<Worker> {
  const { connection, hello } = parts;
  return Worker.create({
    connection,
    namespace: hello.namespace,
    taskQueue: lane === 'main' ? hello.mainQueue : hello.quickQueue,
    identity: hello.hostId,
    activities: withLink(parts.activities[lane]),
    interceptors: { activity: [attemptInterceptor(parts, lane)] },
    // `maxConcurrentActivityTaskPolls` is ignored by this SDK: without this line there are ten polls for each host.
    activityTaskPollerBehavior: { type: 'simple-maximum', maximum: 1 },
    maxConcurrentActivityTaskExecutions: AT_ONCE[lane],
    maxHeartbeatThrottleInterval: '10s',
    shutdownGraceTime: parts.shutdownGraceMs,
  });
}

/**
 * Works until `stopping`, and gives null then; or until one of the workers failed, and gives the error. A failed worker
 * shows it by its state only: its `run()` never settles, and it would ignore a shutdown.
 */
export async function work(
  workers: readonly Worker[],
  shutdownGraceMs: number,
  stopping: AbortSignal,
): Promise<Error | null> {
  const outcome: { error: Error | null; done: boolean } = { error: null, done: false };
  const ended = workers.map((worker) =>
    worker.run().then(
      () => {
        outcome.done = true;
      },
      (thrown) => {
        outcome.done = true;
        outcome.error ??= asError(thrown);
      },
    ),
  );
  while (!stopping.aborted && !outcome.done) {
    if (workers.some((worker) => worker.getState() === 'FAILED'))
      return new Error('the gateway refused our polls for a minute');
    await sleep(WATCH_MS, stopping);
  }
  for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  await Promise.race([Promise.all(ended), sleep(shutdownGraceMs + STOP_MS, new AbortController().signal)]);
  return outcome.error;
}
