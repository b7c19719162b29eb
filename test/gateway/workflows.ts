import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { HostActivityInput } from '../../src/domain/jobs/agent-protocol.ts';
import type { Outcome } from '../../src/domain/jobs/outcome.ts';

type Activities = Record<
  'restic.backup.v1' | 'restic.init.v1' | 'noop.v1',
  (input: HostActivityInput) => Promise<Outcome>
>;

const onHost = (taskQueue: string, input: HostActivityInput) =>
  proxyActivities<Activities>({
    taskQueue,
    activityId: String(input.attempt),
    heartbeatTimeout: '60s',
    startToCloseTimeout: '5m',
    scheduleToStartTimeout: '60s',
    retry: { maximumAttempts: 1 },
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  });

export const noop = (queue: string, input: HostActivityInput) => onHost(queue, input)['restic.backup.v1'](input);
export const wait = (queue: string, input: HostActivityInput) => onHost(queue, input)['restic.init.v1'](input);
export const fail = (queue: string, input: HostActivityInput) => onHost(queue, input)['noop.v1'](input);
