// What somebody runs who can write to Temporal: a workflow of his own that asks for our activities.
import { proxyActivities } from '@temporalio/workflow';

type Any = Record<string, (...args: unknown[]) => Promise<unknown>>;

export async function forger(taskQueue: string, activity: string, args: unknown[]): Promise<unknown> {
  const order = { taskQueue, activityId: '1', startToCloseTimeout: '20s', retry: { maximumAttempts: 1 } } as const;
  return await proxyActivities<Any>(order)[activity]!(...args);
}
