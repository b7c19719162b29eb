import { proxyActivities } from '@temporalio/workflow';

const { noop } = proxyActivities<{ noop(): Promise<unknown> }>({
  taskQueue: 'bench-host',
  startToCloseTimeout: '1m',
  heartbeatTimeout: '1m',
  retry: { maximumAttempts: 1 },
});

/** The floor: what Temporal itself costs for one host activity. */
export async function bare(): Promise<unknown> {
  return noop();
}
