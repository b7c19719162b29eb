import {
  ActivityFailure,
  ApplicationFailure,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
} from '@temporalio/workflow';
import type { DataFault } from '../domain/jobs/run.ts';
import type { ControlActivities } from './control-activities.ts';

const DATA_FAULT: DataFault = 'DataFault';

/**
 * Control activities run inside the workflow task (no round trips through Temporal: 14 events a job instead of 24). When
 * PostgreSQL is away for longer than a workflow task should last, they go on as regular activities, retried without end.
 */
const local = proxyLocalActivities<ControlActivities>({
  startToCloseTimeout: '5s',
  localRetryThreshold: '2s',
  retry: { initialInterval: '200ms', maximumInterval: '1s', maximumAttempts: 3 },
});
const regular = proxyActivities<ControlActivities>({
  startToCloseTimeout: '10s',
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
  retry: { initialInterval: '1s', maximumInterval: '10s' },
});

/** The rows hold what the database itself refuses: it is not tried again, and the run goes on to its end without it. */
export function isDataFault(thrown: unknown): boolean {
  // Of a local activity it comes bare.
  const cause = thrown instanceof ActivityFailure ? thrown.cause : thrown;
  return cause instanceof ApplicationFailure && cause.type === DATA_FAULT;
}

const patient =
  <Name extends keyof ControlActivities>(name: Name) =>
  (...args: Parameters<ControlActivities[Name]>): Promise<Awaited<ReturnType<ControlActivities[Name]>>> => {
    type Call = (...a: typeof args) => Promise<Awaited<ReturnType<ControlActivities[Name]>>>;
    // What a local activity fails with comes bare, not as an ActivityFailure. Not by await: each promise of a workflow costs the worker a stack trace, 50 us.
    return (local[name] as unknown as Call)(...args).catch((thrown: unknown) => {
      if (isCancellation(thrown) || isDataFault(thrown)) throw thrown;
      return (regular[name] as unknown as Call)(...args);
    });
  };

export const begin = patient('begin');
export const noteCancel = patient('noteCancel');
export const finish = patient('finish');
export const requeue = patient('requeue');
export const giveUp = patient('giveUp');
export const hostIsQuiet = patient('hostIsQuiet');
