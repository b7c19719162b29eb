import { type AddressInfo, createServer } from 'node:net';
import {
  Server,
  ServerCredentials,
  type ServerInterceptor,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { GatewayStore } from '../domain/hosts/gateway-store.ts';
import type { Clock } from '../lib/clock.ts';
import type { RandomBytes } from '../lib/ids.ts';
import type { Log } from '../lib/log.ts';
import type { Keyring } from '../lib/seal.ts';
import { admission, MAX_RECEIVED_BYTES } from './agent-api/admission.ts';
import { AgentService } from './agent-api/agent-service.ts';
import { CONNECTION_LIMITS, Connections } from './agent-api/connections.ts';
import { RefusalAudit } from './identity/audit.ts';
import { Epochs } from './identity/epochs.ts';
import { Hosts } from './identity/hosts.ts';
import { GatewayHeartbeat } from './presence/gateway-heartbeat.ts';
import { Presence } from './presence/presence.ts';
import { HostBudget } from './proxy/host-budget.ts';
import { rules } from './proxy/rules.ts';
import { TemporalProxy } from './proxy/temporal-proxy.ts';
import { UndeliveredTasks } from './proxy/undelivered-tasks.ts';
import { Upstream, type UpstreamTarget } from './proxy/upstream.ts';

/** How long calls may take to end at a stop before their connections are cut. Long polls always are. */
const STOP_GRACE_MS = 500;

/** What grpc-js keeps to by itself; all of it bounds what a client without a good credential can hold. */
const SERVER_OPTIONS = {
  'grpc.max_receive_message_length': MAX_RECEIVED_BYTES,
  'grpc.max_concurrent_streams': 64,
  // A call that is never finished ends with its connection: 5 min, and as long again as a poll may take.
  'grpc.max_connection_age_ms': 300_000,
  'grpc.max_connection_age_grace_ms': 90_000,
  // Agents behind a broken network: their polls are given up and their tasks not lost in them.
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
};

interface GatewayOptions {
  readonly listen: { readonly host: string; readonly port: number };
  /** Null serves without TLS: credentials travel in the clear, so on loopback and in tests only. */
  readonly tls: { readonly certificatePem: string; readonly keyPem: string } | null;
  readonly upstream: UpstreamTarget;
  readonly namespace: string;
  readonly keyring: Keyring;
  readonly store: GatewayStore;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Log;
}

export interface Gateway {
  readonly port: number;
  stop(): Promise<void>;
}

/** Puts the gateway together and opens its port. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { store, clock, log, keyring, namespace, random } = options;
  const hosts = new Hosts(store, clock, log);
  const audit = new RefusalAudit(store, clock, log);
  const budget = new HostBudget(clock);
  const epochs = new Epochs(store, clock);
  const presence = new Presence(store, audit, log);
  const heartbeat = new GatewayHeartbeat(store, log);
  const upstream = new Upstream(options.upstream);
  const byMethod = rules({ namespace, keyring, random, epochs, audit });
  const common = { namespace, hosts, audit, budget, upstream, clock, log };
  const proxy = new TemporalProxy({ ...common, rules: byMethod });
  const undelivered = new UndeliveredTasks({ namespace, store, upstream, clock, log });
  const agents = new AgentService({ ...common, keyring, store, epochs, presence, undelivered });

  const connections = new Connections(CONNECTION_LIMITS);
  const interceptors = [admission({ hosts, connections, budget, rules: byMethod, log })];
  const services = [proxy.service(), agents.service()];
  const { port, close } = await open(interceptors, services, connections, options);
  heartbeat.start();
  log.info({ port, tls: options.tls !== null }, 'gateway listening');

  const stop = async () => {
    await close();
    upstream.close();
    await Promise.all([presence.stop(), heartbeat.stop()]);
    await audit.stop();
  };
  return { port, stop };
}

interface OpenServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Opens the port by ourselves, so that connections are counted before anything of them is read. */
function open(
  interceptors: ServerInterceptor[],
  services: readonly { definition: ServiceDefinition; implementation: UntypedServiceImplementation }[],
  connections: Connections,
  { listen: { host, port }, tls }: GatewayOptions,
): Promise<OpenServer> {
  const credentials = tls
    ? ServerCredentials.createSsl(null, [
        { cert_chain: Buffer.from(tls.certificatePem), private_key: Buffer.from(tls.keyPem) },
      ])
    : ServerCredentials.createInsecure();
  const server = new Server({ ...SERVER_OPTIONS, interceptors });
  for (const { definition, implementation } of services) server.addService(definition, implementation);
  const injector = server.createConnectionInjector(credentials);
  const listener = createServer({ noDelay: true }, (socket) => {
    // What a broken connection says: TLS and HTTP/2 have listeners of their own only later.
    socket.on('error', () => socket.destroy());
    connections.accept(socket);
    injector.injectConnection(socket);
  });
  const close = async () => {
    listener.close();
    // It knows only of connections that it accepted itself, and does not wait for ours.
    server.tryShutdown(() => {});
    await connections.closed(STOP_GRACE_MS);
    server.forceShutdown();
  };
  return new Promise((resolve, reject) => {
    listener.once('error', reject);
    listener.listen({ host, port }, () => {
      listener.off('error', reject);
      resolve({ port: (listener.address() as AddressInfo).port, close });
    });
  });
}
