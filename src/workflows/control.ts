import { ActivityFailure, proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { ControlActivities } from './control-activities.ts';

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

const patient =
  <Name extends keyof ControlActivities>(name: Name) =>
  (...args: Parameters<ControlActivities[Name]>): Promise<Awaited<ReturnType<ControlActivities[Name]>>> => {
    type Call = (...a: typeof args) => Promise<Awaited<ReturnType<ControlActivities[Name]>>>;
    // Not by await: each promise of a workflow costs the worker a stack trace, 50 us.
    return (local[name] as unknown as Call)(...args).catch((thrown: unknown) => {
      if (!(thrown instanceof ActivityFailure)) throw thrown;
      return (regular[name] as unknown as Call)(...args);
    });
  };

export const begin = patient('begin');
export const noteCancel = patient('noteCancel');
export const finish = patient('finish');
export const requeue = patient('requeue');
export const giveUp = patient('giveUp');
export const hostIsQuiet = patient('hostIsQuiet');
