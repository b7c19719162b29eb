// A gateway as it runs in production, in a process of its own, without an engine behind it: by its first argument. Tells its port,
// and once a second how much memory it holds.
import { openDatabase } from '../../src/db/core/database.ts';
import { openOrm } from '../../src/db/core/orm.ts';
import { gatewayStore } from '../../src/db/hosts/gateway-store.ts';
import { JOB_REGISTRY } from '../../src/db/job-registry.ts';
import { startGateway } from '../../src/gateway/server.ts';
import { systemClock as clock } from '../../src/lib/clock.ts';
import { systemRandom as random } from '../../src/lib/ids.ts';
import { createLogger } from '../../src/lib/log.ts';
import { parseKeyring } from '../../src/lib/seal.ts';

export interface GatewayOrder {
  readonly url: string;
  readonly keyring: string;
  readonly tls: { readonly certificatePem: string; readonly keyPem: string };
}

const order = JSON.parse(process.argv[2]!) as GatewayOrder;
const options = { url: order.url, poolMax: 10, transactionTimeoutMs: 15_000, applicationName: 'gateway' };
const gateway = await startGateway({
  listen: { host: '127.0.0.1', port: 0 },
  tls: order.tls,
  upstream: { address: '127.0.0.1:1', apiKey: null, tls: null },
  namespace: 'none',
  keyring: parseKeyring(order.keyring),
  store: gatewayStore(openDatabase(await openOrm(options), { clock, random, registry: JOB_REGISTRY })),
  clock,
  random,
  log: createLogger({ level: 'error', pretty: false, process: 'gateway' }),
});
process.send!({ port: gateway.port });
setInterval(() => process.send!({ mib: Math.round(process.memoryUsage.rss() / 1024 / 1024) }), 1_000);
process.once('disconnect', () => process.exit(0));
