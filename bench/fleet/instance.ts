import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import type { GatewayAddress } from '../../src/agent/session/gateway-client.ts';
import { ApiClient } from '../../src/cli/client/client.ts';
import { clusterPaths } from '../../src/embedded/postgres/postgres-cluster.ts';
import { systemRandom } from '../../src/lib/ids.ts';
import { needAgentFile } from '../../src/processes/place/agent-file.ts';
import { dataPaths } from '../../src/processes/place/data-folder.ts';
import type { Rows } from './enrol.ts';

/** A Holdfast that `npm start` runs on this machine, seen through its data folder. */
export interface Instance {
  readonly database: Rows & { close(): Promise<void> };
  readonly gateway: Omit<GatewayAddress, 'credential'>;
  readonly client: ApiClient;
  readonly place: { readonly orgId: string; readonly siteId: string };
}

export async function openInstance(dataDir: string, databaseUrl: string | undefined): Promise<Instance> {
  const paths = dataPaths(dataDir);
  const pool = new pg.Pool({ connectionString: databaseUrl ?? embeddedUrl(dataDir), max: 2 });
  const rows = async <Row>(text: string, values: readonly unknown[] = []) =>
    (await pool.query(text, [...values])).rows as Row[];
  const [place] = await rows<{ orgId: string; siteId: string }>(
    `select o.id as "orgId", s.id as "siteId" from organization o join site s on s.org_id = o.id
      where o.plane = 'organization' order by o.number, s.created_at limit 1`,
  );
  const { address, authorityPem } = needAgentFile(paths.agentFile);
  const { url, apiKey } = JSON.parse(readFileSync(paths.cliFile, 'utf8')) as { url: string; apiKey: string };
  return {
    database: { rows, close: () => pool.end() },
    gateway: { address, authorityPem },
    client: new ApiClient({ url, apiKey }, systemRandom),
    place: place!,
  };
}

/** The superuser of the embedded server: its password and port lie in the data folder. */
function embeddedUrl(dataDir: string): string {
  const { password, port } = clusterPaths(join(dataDir, 'postgres'));
  const secret = encodeURIComponent(readFileSync(password, 'utf8').trim());
  const { postgres } = JSON.parse(readFileSync(port, 'utf8')) as { postgres: number };
  return `postgres://postgres:${secret}@127.0.0.1:${postgres}/holdfast`;
}
