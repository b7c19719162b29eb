import type { AttemptDeps } from '../../agent/attempt/attempt.ts';
import type { AttemptBody } from '../../agent/attempt/attempt-context.ts';
import { type HostActivity, hostActivity } from '../../agent/attempt/host-activity.ts';
import { type CleanUps, quiescenceBody } from '../../agent/attempt/quiescence.ts';
import { QUIESCENCE_ACTIVITY } from '../../domain/jobs/agent-protocol.ts';
import { backup } from '../../kinds/backup/backup.ts';
import { initRepository } from '../../kinds/backup/init-repository.ts';
import { unlockRepository } from '../../kinds/backup/unlock-repository.ts';
import type { JobKind } from '../../kinds/core/define-kind.ts';
import { noop } from '../../kinds/core/noop.ts';
import { noopBody } from './noop.ts';
import { backupBody } from './restic/backup/backup.ts';
import type { ResticDeps } from './restic/core/command.ts';
import { initBody } from './restic/init.ts';
import { unlockStaleOf } from './restic/locks/unlock.ts';
import { unlockBody } from './restic/locks/unlock-job.ts';

export interface HostDeps extends AttemptDeps, ResticDeps {
  readonly hostName: string;
}

/** What an agent does on the main lane, by the versioned name of the activity. */
export function hostActivities(deps: HostDeps): Readonly<Record<string, HostActivity>> {
  const activity = ({ stop, limits }: Pick<JobKind, 'stop' | 'limits'>, body: AttemptBody) =>
    hostActivity(stop, body, { ...deps, logBytes: limits.logBytes });
  return {
    [noop.activity]: activity(noop, noopBody(deps.hostName)),
    [backup.activity]: activity(backup, backupBody(deps)),
    [initRepository.activity]: activity(initRepository, initBody(deps)),
    [unlockRepository.activity]: activity(unlockRepository, unlockBody(deps)),
  };
}

/** What it does on the quick lane, beside the main one. */
export function quickActivities(deps: HostDeps): Readonly<Record<string, HostActivity>> {
  const body = quiescenceBody(deps.agentMark, cleanUps(deps));
  return { [QUIESCENCE_ACTIVITY]: hostActivity({ signal: 'SIGINT', graceMs: 2_000 }, body, deps) };
}

/** By the names that kinds give in their stop protocols. */
export function cleanUps(deps: HostDeps): CleanUps {
  return { 'restic.unlock-stale.v1': unlockStaleOf(deps) };
}
