import { backup } from '../../kinds/backup.ts';
import { initRepository } from '../../kinds/init-repository.ts';
import { noop } from '../../kinds/noop.ts';
import type { AttemptDeps } from './attempt.ts';
import { type HostActivity, hostActivity } from './host-activity.ts';
import { noopBody } from './noop.ts';
import { backupBody } from './restic/backup.ts';
import type { ResticDeps } from './restic/command.ts';
import { initBody } from './restic/init.ts';
import { unlockStaleBody } from './restic/unlock.ts';

export interface HostDeps extends AttemptDeps, ResticDeps {
  readonly hostName: string;
}

/** Everything an agent can do, by the versioned name of the activity. */
export function hostActivities(deps: HostDeps): Readonly<Record<string, HostActivity>> {
  return {
    [noop.activity]: hostActivity(noop.stop, noopBody(deps.hostName), deps),
    [backup.activity]: hostActivity(backup.stop, backupBody(deps), deps),
    [initRepository.activity]: hostActivity(initRepository.stop, initBody(deps), deps),
    // The clean-up of backup: ended like what it cleans up after.
    'restic.unlock-stale.v1': hostActivity(backup.stop, unlockStaleBody(deps), deps),
  };
}
