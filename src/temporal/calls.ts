import { type Connection, defaultGrpcRetryOptions, makeGrpcRetryInterceptor } from '@temporalio/client';
import type { Clock } from '../lib/clock.ts';
import { lazyConnection, type TemporalTarget } from './connection.ts';

/** A client connection whose calls have a deadline and are over before it is closed. */
interface Calls {
  readonly connection: Connection;
  /** Runs calls to Temporal; all of them together may take this long. */
  within<T>(timeoutMs: number, work: () => Promise<T>): Promise<T>;
  /** Breaks off what is under way, waits until it has ended, then closes the connection. */
  close(): Promise<void>;
}

/**
 * The client sends a call that failed again after a pause, from a timer that nobody can catch: on a connection that was closed
 * meanwhile it throws there and takes the process with it. So no pause begins once we are closing, and those that began are
 * waited for.
 */
export function openCalls(target: TemporalTarget, clock: Clock): Calls {
  const underWay = new Map<Promise<unknown>, AbortController>();
  let closing = false;
  const retries = defaultGrpcRetryOptions();
  const connection = lazyConnection(target, [
    makeGrpcRetryInterceptor({
      ...retries,
      retryableDecider: (attempt, status) => !closing && retries.retryableDecider(attempt, status),
    }),
  ]);
  return {
    connection,
    async within(timeoutMs, work) {
      const breakOff = new AbortController();
      const deadline = clock.now().getTime() + timeoutMs;
      const call = connection.withDeadline(deadline, () => connection.withAbortSignal(breakOff.signal, work));
      underWay.set(call, breakOff);
      try {
        return await call;
      } finally {
        underWay.delete(call);
      }
    },
    async close() {
      closing = true;
      for (const breakOff of underWay.values()) breakOff.abort();
      await Promise.allSettled(underWay.keys());
      await connection.close();
    },
  };
}
