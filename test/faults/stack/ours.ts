import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Config } from '../../../src/config/config.ts';
import { spawnChild } from '../../../src/embedded/supervisor/children.ts';
import { NODE_ARGS, type OurName } from '../../../src/embedded/supervisor/our-process.ts';
import { temporalTlsAt } from '../../../src/embedded/temporal/temporal-tls.ts';
import { dataPaths } from '../../../src/processes/place/data-folder.ts';
import { readLoginUrl } from '../../../src/processes/place/login-urls.ts';
import type { Env } from '../../../src/processes/place/start-problem.ts';
import { NAMESPACE } from './engine.ts';
import { Part } from './part.ts';

const MAIN = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));
const STOP_GRACE_MS = 15_000;

/** The connections into which a fault injector can be put. */
export type Link = 'agent-gateway' | 'gateway-temporal' | 'gateway-postgres' | 'worker-postgres' | 'api-postgres';

/** Answers the address (host:port) by which the near side of a link shall reach its far side. */
export type Via = (link: Link, address: string) => Promise<string>;

export interface OurParts {
  readonly gateway: Part;
  readonly worker: Part;
  readonly api: Part;
  /** Beside the first ones, as behind a load balancer. */
  readonly secondWorker: Part;
  readonly secondApi: Part;
}

export interface OurPartsOrder {
  readonly folder: string;
  readonly config: Config;
  readonly ports: { readonly api: number; readonly api2: number; readonly gateway: number };
  readonly temporalAddress: string;
  readonly via: Via;
  readonly env: Env;
}

/** One of our own processes by the command that `up` uses; its log lies in `logs/<name>.log`. */
export function ourPart(folder: string, name: string, command: OurName, env: Env): Part {
  return new Part(name, () =>
    spawnChild({
      name,
      command: process.execPath,
      args: [...NODE_ARGS[command], MAIN, command, '--die-with-parent'],
      env,
      runDir: join(folder, 'run'),
      logFile: join(folder, 'logs', `${name}.log`),
      diesWithParent: true,
      stopGraceMs: STOP_GRACE_MS,
    }),
  );
}

export async function ourParts(order: OurPartsOrder): Promise<OurParts> {
  const { folder, config, ports, temporalAddress, via } = order;
  const login = async (link: Link, group: 'api' | 'auth' | 'worker' | 'gateway') => {
    const url = new URL(readLoginUrl(config, group).url);
    url.host = await via(link, url.host);
    return url.href;
  };
  const tls = temporalTlsAt(dataPaths(config.dataDir).temporalTls);
  const shared = {
    ...order.env,
    HOLDFAST_DATA: config.dataDir,
    TEMPORAL_ADDRESS: temporalAddress,
    TEMPORAL_NAMESPACE: NAMESPACE,
    TEMPORAL_TLS_SERVER_CA: tls.authority,
    TEMPORAL_TLS_CERT: tls.client.certificate,
    TEMPORAL_TLS_KEY: tls.client.key,
    TEMPORAL_TLS_SERVER_NAME: tls.serverName,
  };
  const forApi = {
    ...shared,
    DATABASE_URL_API: await login('api-postgres', 'api'),
    DATABASE_URL_AUTH: await login('api-postgres', 'auth'),
  };
  const forWorker = { ...shared, DATABASE_URL_WORKER: await login('worker-postgres', 'worker') };
  const forGateway = {
    ...shared,
    DATABASE_URL_GATEWAY: await login('gateway-postgres', 'gateway'),
    TEMPORAL_ADDRESS: await via('gateway-temporal', temporalAddress),
    HOLDFAST_GATEWAY_PORT: String(ports.gateway),
  };
  const api = (name: string, port: number) => ourPart(folder, name, 'api', { ...forApi, HOLDFAST_PORT: String(port) });
  return {
    gateway: ourPart(folder, 'gateway', 'gateway', forGateway),
    worker: ourPart(folder, 'worker', 'worker', forWorker),
    api: api('api', ports.api),
    secondWorker: ourPart(folder, 'worker-2', 'worker', forWorker),
    secondApi: api('api-2', ports.api2),
  };
}
