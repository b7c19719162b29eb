import { join } from 'node:path';
import { SEARCH_ATTRIBUTES } from '../../catalog/search-attributes.ts';
import { dataPaths } from '../../processes/place/data-folder.ts';
import { lazyConnection, type TemporalTarget } from '../../temporal/connection.ts';
import { choosePorts } from '../ports.ts';
import { ensureNamespace } from './temporal-namespace.ts';

const RETENTION_HOURS = 72;

/**
 * The address that the embedded server will have: its ports are remembered, so ours can be started at the same time
 * and are told where it will be.
 */
export async function comingTemporalAddress(dataDir: string): Promise<string> {
  const file = join(dataPaths(dataDir).temporal, 'ports.json');
  const { FRONTEND_GRPC_PORT } = await choosePorts(file, ['FRONTEND_GRPC_PORT']);
  return `127.0.0.1:${FRONTEND_GRPC_PORT}`;
}

/** The namespace with its search attributes; answers its uuid. */
export async function ensureOurNamespace(target: TemporalTarget): Promise<string> {
  const connection = lazyConnection(target);
  try {
    return await ensureNamespace(connection, {
      namespace: target.namespace,
      retentionHours: RETENTION_HOURS,
      searchAttributes: SEARCH_ATTRIBUTES,
    });
  } finally {
    await connection.close();
  }
}
