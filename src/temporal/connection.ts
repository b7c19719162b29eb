import { Connection, type ConnectionOptions } from '@temporalio/client';
import type { TLSConfig } from '@temporalio/common/lib/internal-non-workflow/index.js';
import { NO_PROXY } from '../lib/grpc-no-proxy.ts';

/** Where Temporal is and how to prove ourselves to it. */
export interface TemporalTarget {
  readonly address: string;
  readonly namespace: string;
  readonly apiKey: string | null;
  /** Null for an unencrypted connection, which is for loopback and private networks. PEM texts. */
  readonly tls: {
    readonly serverCa: string | null;
    readonly certificate: string | null;
    readonly key: string | null;
    readonly serverName: string | null;
  } | null;
}

/** The options that clients and workers share. */
export function connectionOptions(target: TemporalTarget): {
  address: string;
  tls: TLSConfig | false;
  apiKey?: string;
} {
  const { tls } = target;
  const clientCertPair =
    tls?.certificate && tls.key ? { crt: Buffer.from(tls.certificate), key: Buffer.from(tls.key) } : undefined;
  return {
    address: target.address,
    // Explicitly off, because an apiKey alone would switch it on.
    tls: tls
      ? {
          ...(tls.serverCa ? { serverRootCACertificate: Buffer.from(tls.serverCa) } : {}),
          ...(tls.serverName ? { serverNameOverride: tls.serverName } : {}),
          ...(clientCertPair ? { clientCertPair } : {}),
        }
      : false,
    ...(target.apiKey ? { apiKey: target.apiKey } : {}),
  };
}

/**
 * How soon a Temporal that is back is noticed. Left alone the pause between two tries grows to two minutes: after 60 s without
 * Temporal nothing was started for another 20 s.
 */
const RECONNECT = { 'grpc.initial_reconnect_backoff_ms': 200, 'grpc.max_reconnect_backoff_ms': 2_000 };

/**
 * A client connection that is made when first used, so that a Temporal that is away stops nobody from starting. Without
 * interceptors of its own the client sends calls that failed again by itself; then none may be under way when it is closed.
 */
export function lazyConnection(
  target: TemporalTarget,
  interceptors?: NonNullable<ConnectionOptions['interceptors']>,
): Connection {
  return Connection.lazy({
    ...connectionOptions(target),
    channelArgs: { ...NO_PROXY, ...RECONNECT },
    ...(interceptors ? { interceptors } : {}),
  });
}
