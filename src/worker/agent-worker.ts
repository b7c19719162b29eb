import { type NativeConnection, Worker } from '@temporalio/worker';
import type { LogSpool } from '../activities/host/log-spool.ts';
import type { HelloAnswer } from '../domain/agent-protocol.ts';
import { asError } from '../lib/failure.ts';
import { attemptInterceptor, type HostActivities, type RunningAttempts, withLink } from './attempt-interceptor.ts';
import type { GatewayClient } from './gateway-client.ts';
import { sleep } from './sleep.ts';
import type { TokenShelf } from './token-shelf.ts';

const WATCH_MS = 1_000;
/** After the grace time, for cancelled activities to end and for their answers to leave. */
const STOP_MS = 5_000;

export interface AgentWorkerParts {
  readonly connection: NativeConnection;
  readonly hello: HelloAnswer;
  readonly activities: HostActivities;
  readonly gateway: GatewayClient;
  readonly running: RunningAttempts;
  readonly shelf: TokenShelf;
  readonly spool: LogSpool;
  readonly shutdownGraceMs: number;
}

/** The SDK's worker for the host's main lane. */
export function makeAgentWorker(parts: AgentWorkerParts): Promise<Worker> {
  const { connection, hello, gateway, running, shelf, spool } = parts;
  return Worker.create({
    connection,
    namespace: hello.namespace,
    taskQueue: hello.mainQueue,
    identity: hello.hostId,
    activities: withLink(parts.activities),
    interceptors: { activity: [attemptInterceptor(gateway, running, shelf, spool)] },
    // `maxConcurrentActivityTaskPolls` is ignored by this SDK: without this line there are ten polls for each host.
    activityTaskPollerBehavior: { type: 'simple-maximum', maximum: 1 },
    maxConcurrentActivityTaskExecutions: 1,
    maxHeartbeatThrottleInterval: '10s',
    shutdownGraceTime: parts.shutdownGraceMs,
  });
}

/**
 * Works until `stopping`, and gives null then; or until the worker failed, and gives the error. A failed worker shows
 * it by its state only: its `run()` never settles, and it would ignore a shutdown.
 */
export async function work(worker: Worker, shutdownGraceMs: number, stopping: AbortSignal): Promise<Error | null> {
  const outcome: { error: Error | null; done: boolean } = { error: null, done: false };
  const ended = worker.run().then(
    () => {
      outcome.done = true;
    },
    (thrown) => {
      outcome.done = true;
      outcome.error = asError(thrown);
    },
  );
  while (!stopping.aborted && !outcome.done) {
    if (worker.getState() === 'FAILED') return new Error('the gateway refused our polls for a minute');
    await sleep(WATCH_MS, stopping);
  }
  if (worker.getState() === 'RUNNING') worker.shutdown();
  await Promise.race([ended, sleep(shutdownGraceMs + STOP_MS, new AbortController().signal)]);
  return outcome.error;
}
