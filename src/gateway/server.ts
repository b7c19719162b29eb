import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { Clock } from '../lib/clock.ts';
import type { RandomBytes } from '../lib/ids.ts';
import type { Log } from '../lib/log.ts';
import type { Keyring } from '../lib/seal.ts';
import { AgentService } from './agent-service.ts';
import { RefusalAudit } from './audit.ts';
import { Door } from './door.ts';
import { Epochs } from './epochs.ts';
import { Hosts } from './hosts.ts';
import { NeverArrived } from './never-arrived.ts';
import { Presence } from './presence.ts';
import { rules } from './rules.ts';
import { SignOfLife } from './sign-of-life.ts';
import type { GatewayStore } from './store.ts';
import { Upstream, type UpstreamTarget } from './upstream.ts';

/** How long calls may take to end at a stop before their connections are cut. Long polls always are. */
const STOP_GRACE_MS = 500;

/** What grpc-js keeps to by itself; all of it bounds what a client without a good credential can hold. */
const SERVER_OPTIONS = {
  'grpc.max_receive_message_length': 4 * 1024 * 1024,
  'grpc.max_concurrent_streams': 64,
  // A call that is never finished ends with its connection: 5 min, and as long again as a poll may take.
  'grpc.max_connection_age_ms': 300_000,
  'grpc.max_connection_age_grace_ms': 90_000,
  // Agents behind a broken network: their polls are given up and their tasks not lost in them.
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
};

export interface GatewayOptions {
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
  const epochs = new Epochs(store, clock);
  const presence = new Presence(store, audit, log);
  const life = new SignOfLife(store, log);
  const upstream = new Upstream(options.upstream);
  const door = new Door({
    namespace,
    rules: rules({ namespace, keyring, random, epochs, audit }),
    hosts,
    audit,
    upstream,
    clock,
    log,
  });
  const neverArrived = new NeverArrived({ namespace, store, upstream, clock, log });
  const agents = new AgentService({
    namespace,
    keyring,
    store,
    hosts,
    epochs,
    presence,
    upstream,
    neverArrived,
    audit,
    clock,
    log,
  });

  const server = new Server(SERVER_OPTIONS);
  for (const { definition, implementation } of [door.service(), agents.service()])
    server.addService(definition, implementation);
  const port = await listen(server, options);
  life.start();
  log.info({ port, tls: options.tls !== null }, 'gateway is open');

  const stop = async () => {
    const ended = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
    const cut = setTimeout(() => server.forceShutdown(), STOP_GRACE_MS);
    await ended;
    clearTimeout(cut);
    upstream.close();
    await Promise.all([presence.stop(), life.stop()]);
    await audit.stop();
  };
  return { port, stop };
}

function listen(server: Server, { listen: { host, port }, tls }: GatewayOptions): Promise<number> {
  const credentials = tls
    ? ServerCredentials.createSsl(null, [
        { cert_chain: Buffer.from(tls.certificatePem), private_key: Buffer.from(tls.keyPem) },
      ])
    : ServerCredentials.createInsecure();
  const address = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
  });
}
