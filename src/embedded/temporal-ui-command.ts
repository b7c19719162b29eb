import { join } from 'node:path';
import { readConfig } from '../config/config.ts';
import { systemClock } from '../lib/clock.ts';
import { Failure } from '../lib/failure.ts';
import { dataPaths, readIfThere } from '../processes/place/data-folder.ts';
import type { ProcessWorld } from '../processes/process-world.ts';
import { newUiLink } from './temporal/ui-link.ts';

/** Prints a new link to the UI that `up` runs. Who can read its key may look anyway. */
export function temporalUiCommand({ env, print }: ProcessWorld): void {
  const { dataDir } = readConfig(env);
  const { temporalUi } = dataPaths(dataDir);
  const [key, ports] = [readIfThere(join(temporalUi, 'key')), readIfThere(join(temporalUi, 'ports.json'))];
  if (key === null || ports === null)
    throw new Failure(
      'no-temporal-ui',
      `No Temporal UI was started from the data folder ${dataDir}. Start Holdfast with "holdfast up", or set HOLDFAST_DATA to its folder.`,
      { fault: 'operator' },
    );
  const { ui } = JSON.parse(ports) as { ui: number };
  print(newUiLink(`http://127.0.0.1:${ui}`, key, systemClock.now().getTime()));
}
