import { gatewayStore } from '../db/hosts/gateway-store.ts';
import { ensureCertificate } from '../gateway/identity/certificate.ts';
import { startGateway } from '../gateway/server.ts';
import { KEYS_HELD } from '../lib/seal.ts';
import { dataPaths } from './place/data-folder.ts';
import { gatewayNames } from './place/gateway-names.ts';
import { readKeyring } from './place/keyring-file.ts';
import { openLoginDatabase } from './place/open-login.ts';
import { StartProblem } from './place/start-problem.ts';
import { temporalTarget } from './place/temporal-target.ts';
import type { ProcessParts, Running } from './process.ts';

/** The gateway. Agents may come before Temporal is there; they are told to try again. */
export async function startGatewayProcess({ config, clock, random, log }: ProcessParts): Promise<Running> {
  const upstream = temporalTarget(config);
  const keyring = readKeyring(config.keyringFile, KEYS_HELD.gateway);
  const database = await openLoginDatabase(config, 'gateway', 10, { clock, random });
  const gateway = await startGateway({
    listen: { host: config.bind, port: config.gatewayPort },
    // Always of our own authority: agents pin that one, and a certificate for browsers would prove nothing to them.
    tls: await ensureCertificate(dataPaths(config.dataDir).tls, gatewayNames(config), clock),
    upstream,
    namespace: upstream.namespace,
    keyring,
    store: gatewayStore(database),
    clock,
    random,
    log,
  }).catch((thrown) => {
    throw new StartProblem(
      `The port of the gateway cannot be opened: ${(thrown as Error).message}`,
      `${config.bind}:${config.gatewayPort}`,
      'Choose another with HOLDFAST_GATEWAY_PORT; 0 picks a free one.',
      thrown,
    );
  });
  log.info({ port: gateway.port }, `gateway ready on ${config.bind}:${gateway.port}`);
  return {
    async stop() {
      await gateway.stop();
      await database.close();
    },
  };
}
