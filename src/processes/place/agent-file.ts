import type { GatewayAddress } from '../../agent/session/gateway-client.ts';
import { Failure } from '../../lib/failure.ts';
import { readIfThere, writeSecretFile } from './data-folder.ts';

/** What the agent of a host knows of its gateway; the file holds its credential, so nobody else may read it. */
export function writeAgentFile(file: string, gateway: GatewayAddress): void {
  writeSecretFile(file, `${JSON.stringify(gateway, null, 2)}\n`);
}

/** Null when there is none, or none that can be read as one. */
export function readAgentFile(file: string): GatewayAddress | null {
  try {
    const found = JSON.parse(readIfThere(file) ?? 'null') as Partial<GatewayAddress> | null;
    if (typeof found?.address !== 'string' || typeof found.credential !== 'string') return null;
    return { address: found.address, authorityPem: found.authorityPem ?? null, credential: found.credential };
  } catch {
    return null;
  }
}

export function needAgentFile(file: string): GatewayAddress {
  const found = readAgentFile(file);
  if (found) return found;
  throw new Failure(
    'agent-not-enrolled',
    `This host is not enrolled: there is no readable ${file}. Put the file there that the enrolment gave you, or set HOLDFAST_DATA.`,
    { fault: 'operator' },
  );
}
