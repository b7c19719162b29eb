import type { Config } from '../../config/config.ts';

/** Where what listens at an address is reached on this machine: all addresses are, by loopback. */
export const reachableAt = (bind: string): string => (bind === '0.0.0.0' || bind === '::' ? '127.0.0.1' : bind);

const inUrl = (bind: string): string => {
  const host = reachableAt(bind);
  return host.includes(':') ? `[${host}]` : host;
};

export function apiUrlOf(config: Config, port: number): string {
  return `${config.tls ? 'https' : 'http'}://${inUrl(config.bind)}:${port}`;
}

export function gatewayAddressOf(config: Config, port: number): string {
  return config.gatewayAddress ?? `${inUrl(config.bind)}:${port}`;
}
