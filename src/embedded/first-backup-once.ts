import type { Profile } from '../cli/client/profile.ts';
import type { Config } from '../config/config.ts';
import { LOCAL_HOST } from '../domain/core/local-host.ts';
import { systemClock } from '../lib/clock.ts';
import { asError } from '../lib/failure.ts';
import { noteFirstBackup } from '../processes/bootstrap.ts';
import { dataPaths } from '../processes/place/data-folder.ts';
import { firstBackup } from './first-backup.ts';
import type { ProgressOutput } from './progress-output.ts';

interface FirstBackupOnce {
  readonly config: Config;
  readonly ownerUrl: string;
  readonly profile: Profile;
  readonly output: ProgressOutput;
  readonly stopping: AbortSignal;
}

/** The backup of the very first start. One that fails is said and tried again at the next start; Holdfast runs anyway. */
export async function firstBackupOnce({ config, ownerUrl, profile, output, stopping }: FirstBackupOnce): Promise<void> {
  const began = Date.now();
  output.step('first backup: one real folder, through API, Temporal, gateway, agent and restic');
  const { repositories } = dataPaths(config.dataDir);
  try {
    const made = await firstBackup({ profile, hostName: LOCAL_HOST, repositories, output, stopping });
    if (made) await noteFirstBackup(ownerUrl, systemClock.now());
    output.step(made ? 'first backup: done' : 'first backup: FAILED, see above', Date.now() - began);
  } catch (thrown) {
    if (stopping.aborted) throw thrown;
    output.step(`first backup: FAILED: ${asError(thrown).message}`, Date.now() - began);
  }
}
