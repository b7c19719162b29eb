import type { Config } from '../../config/config.ts';

/** Listening on all addresses is reached on this machine by loopback. */
const reachable = (bind: string): string => {
  const host = bind === '0.0.0.0' || bind === '::' ? '127.0.0.1' : bind;
  return host.includes(':') ? `[${host}]` : host;
};

export function apiUrlOf(config: Config, port: number): string {
  return `${config.tls ? 'https' : 'http'}://${reachable(config.bind)}:${port}`;
}

export function gatewayAddressOf(config: Config, port: number): string {
  return config.gatewayAddress ?? `${reachable(config.bind)}:${port}`;
}
