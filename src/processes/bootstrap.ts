import type { Config } from '../config/config.ts';
import { PooledClient } from '../db/core/pooled-client.ts';
import { ScramClient } from '../db/core/scram-client.ts';
import { type Bootstrapped, bootstrap, bootstrapTransaction } from '../db/instance/bootstrap.ts';
import { enrolLocalHost, ensureApiKey, mintSetupToken } from '../db/instance/bootstrap-credentials.ts';
import { ensureCertificate } from '../gateway/identity/certificate.ts';
import { newCredential } from '../gateway/identity/credential.ts';
import type { Clock } from '../lib/clock.ts';
import type { RandomBytes } from '../lib/ids.ts';
import { readAgentFile, writeAgentFile } from './place/agent-file.ts';
import { dataPaths, readIfThere, writeSecretFile } from './place/data-folder.ts';
import { gatewayNames } from './place/gateway-names.ts';

export interface BootstrapAnswer extends Bootstrapped {
  readonly apiKey: string;
  /** Null once the owner has set a password. */
  readonly setupToken: string | null;
}

interface BootstrapOrder {
  readonly config: Config;
  readonly ownerUrl: string;
  readonly apiUrl: string;
  readonly gatewayAddress: string;
  readonly clock: Clock;
  readonly random: RandomBytes;
}

/** Owner, first organisation, key of the command line and this host, with the files that hold what is shown only once. */
export async function bootstrapInstance(order: BootstrapOrder): Promise<BootstrapAnswer> {
  const { config, ownerUrl, clock, random } = order;
  const folder = dataPaths(config.dataDir);
  const kept = readAgentFile(folder.agentFile);
  const keptKey = readKept(folder.cliFile);
  const { authorityPem } = await ensureCertificate(folder.tls, gatewayNames(config), clock);
  const client = new PooledClient({ connectionString: ownerUrl, connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    const made = await bootstrapTransaction(client, order, async (tx) => {
      const base = await bootstrap(tx);
      const setupToken = base.ownerInvited ? await mintSetupToken(tx, base, random) : null;
      const apiKey = await ensureApiKey(tx, base, random, keptKey);
      const credential = await enrolLocalHost(tx, base, kept?.credential ?? null, (orgId, hostId) =>
        newCredential(orgId, hostId, random),
      );
      return { ...base, setupToken, apiKey, credential };
    });
    const { credential, ...answer } = made;
    writeAgentFile(folder.agentFile, { address: order.gatewayAddress, authorityPem, credential });
    writeSecretFile(folder.cliFile, `${JSON.stringify({ url: order.apiUrl, apiKey: made.apiKey })}\n`);
    return answer;
  } finally {
    await client.end();
  }
}

/** The key that the command line has; null when there is none, or its file cannot be read as one. */
function readKept(cliFile: string): string | null {
  try {
    const { apiKey } = JSON.parse(readIfThere(cliFile) ?? '{}') as { apiKey?: unknown };
    return typeof apiKey === 'string' ? apiKey : null;
  } catch {
    return null;
  }
}

/** The first backup of the very first start was made; it is not made again. */
export async function noteFirstBackup(ownerUrl: string, at: Date): Promise<void> {
  const client = new ScramClient({ connectionString: ownerUrl, connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    await client.query('update instance set first_backup_at = $1 where id = 1', [at]);
  } finally {
    await client.end();
  }
}
