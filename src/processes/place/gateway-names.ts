import type { Config } from '../../config/config.ts';

/** What agents call the gateway by, beside the loopback names. */
export function gatewayNames({ bind, gatewayAddress }: Config): string[] {
  const named = gatewayAddress === null ? [] : [gatewayAddress.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')];
  return [...named, ...(bind === '0.0.0.0' || bind === '::' ? [] : [bind])];
}
