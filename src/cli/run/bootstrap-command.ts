import { readConfig } from '../../config/config.ts';
import { processEnvironment } from '../../config/environment.ts';
import { systemClock } from '../../lib/clock.ts';
import { systemRandom } from '../../lib/ids.ts';
import { apiUrlOf, gatewayAddressOf } from '../up/urls.ts';
import { bootstrapInstance } from './bootstrap.ts';
import { dataPaths } from './data-folder.ts';
import { databaseProblem } from './database-problem.ts';
import { needOwnerUrl } from './migrate.ts';

export async function bootstrapCommand(): Promise<void> {
  const config = readConfig(processEnvironment());
  const ownerUrl = needOwnerUrl(config);
  const apiUrl = config.publicUrl?.replace(/\/$/, '') ?? apiUrlOf(config, config.port);
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
  process.stdout.write(`key of the command line: ${dataPaths(config.dataDir).cliFile}\n`);
  if (made.setupToken !== null)
    process.stdout.write(`set-up link of the owner: ${apiUrl}/setup#token=${made.setupToken}\n`);
}
