import { join } from 'node:path';
import { dataPaths } from '../../processes/place/data-folder.ts';
import { choosePorts } from '../ports.ts';

/**
 * The address that the embedded server will have: its ports are remembered, so ours can be started at the same time
 * and are told where it will be.
 */
export async function comingTemporalAddress(dataDir: string): Promise<string> {
  const file = join(dataPaths(dataDir).temporal, 'ports.json');
  const { FRONTEND_GRPC_PORT } = await choosePorts(file, ['FRONTEND_GRPC_PORT']);
  return `127.0.0.1:${FRONTEND_GRPC_PORT}`;
}
