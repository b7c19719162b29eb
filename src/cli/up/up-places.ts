import { createServer } from 'node:net';
import type { Config } from '../../config/config.ts';
import { dataPaths } from '../run/data-folder.ts';
import { choosePorts } from './ports.ts';
import { StartProblem } from './start-problem.ts';

export interface UpPorts {
  readonly api: number;
  readonly gateway: number;
}

/** The ports to listen on: those of the configuration, which have to be free, or for 0 free ones that are kept for later starts. */
export async function preparePorts(config: Config): Promise<UpPorts> {
  const chosen = await choosePorts(dataPaths(config.dataDir).portsFile, ['api', 'gateway']);
  const api = config.port === 0 ? chosen.api : config.port;
  const gateway = config.gatewayPort === 0 ? chosen.gateway : config.gatewayPort;
  await assertFree(config.bind, api, 'the API', 'HOLDFAST_PORT');
  await assertFree(config.bind, gateway, 'the gateway', 'HOLDFAST_GATEWAY_PORT');
  return { api, gateway };
}

function assertFree(host: string, port: number, whose: string, variable: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        new StartProblem(
          error.code === 'EADDRINUSE'
            ? `The port for ${whose} is in use`
            : `The port for ${whose} cannot be opened (${error.code})`,
          `${host}:${port}`,
          `Stop what uses it, or choose another with ${variable} (0 picks a free one).`,
          error,
        ),
      ),
    );
    server.listen(port, host, () => server.close(() => resolve()));
  });
}
