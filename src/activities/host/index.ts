import { QUIESCENCE_ACTIVITY } from '../../domain/agent-protocol.ts';
import { backup } from '../../kinds/backup.ts';
import type { JobKind } from '../../kinds/define-kind.ts';
import { initRepository } from '../../kinds/init-repository.ts';
import { noop } from '../../kinds/noop.ts';
import { unlockRepository } from '../../kinds/unlock-repository.ts';
import type { AttemptDeps } from './attempt.ts';
import type { AttemptBody } from './attempt-context.ts';
import { type HostActivity, hostActivity } from './host-activity.ts';
import { noopBody } from './noop.ts';
import { type CleanUps, quiescenceBody } from './quiescence.ts';
import { backupBody } from './restic/backup.ts';
import type { ResticDeps } from './restic/command.ts';
import { initBody } from './restic/init.ts';
import { unlockStaleOf } from './restic/unlock.ts';
import { unlockBody } from './restic/unlock-job.ts';

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
