import { readConfig } from '../../config/config.ts';
import { systemClock } from '../../lib/clock.ts';
import { systemRandom } from '../../lib/ids.ts';
import type { ProcessWorld } from '../../processes/process-world.ts';
import { bootstrapInstance } from '../bootstrap.ts';
import { needOwnerUrl } from '../migrate.ts';
import { dataPaths } from '../place/data-folder.ts';
import { databaseProblem } from '../place/database-problem.ts';
import { ensureOurNamespace } from '../place/temporal-namespace.ts';
import { temporalTarget } from '../place/temporal-target.ts';
import { apiUrlOf, gatewayAddressOf } from '../place/urls.ts';

export async function bootstrapCommand({ env, print }: ProcessWorld): Promise<void> {
  const config = readConfig(env);
  const ownerUrl = needOwnerUrl(config);
  const apiUrl = config.publicUrl ?? apiUrlOf(config, config.port);
  const made = await bootstrapInstance({
    config,
    ownerUrl,
    apiUrl,
    gatewayAddress: gatewayAddressOf(config, config.gatewayPort),
    clock: systemClock,
    random: systemRandom,
  }).catch((thrown) => {
    throw databaseProblem(thrown, ownerUrl, 'DATABASE_URL');
  });
  if (config.temporal.address !== null) await ensureOurNamespace(temporalTarget(config));
  print(`key of the command line: ${dataPaths(config.dataDir).cliFile}`);
  if (made.setupToken !== null) print(`set-up link of the owner: ${apiUrl}/setup#token=${made.setupToken}`);
}
