import type { Config } from '../config/config.ts';
import { asError } from '../lib/failure.ts';
import { StartProblem } from '../processes/place/start-problem.ts';
import { temporalTarget } from '../processes/place/temporal-target.ts';
import { lazyConnection } from '../temporal/connection.ts';
import { choosePorts, noAddress, whyClosed } from './ports.ts';

export interface OurPorts {
  readonly api: number;
  readonly gateway: number;
}

/** Fixed ports have to be free; those given as 0 are chosen, and kept for later starts. */
export async function ourPorts(config: Config, portsFile: string): Promise<OurPorts> {
  await refuseBusy('API', config.bind, config.port, 'HOLDFAST_PORT');
  await refuseBusy('gateway', config.bind, config.gatewayPort, 'HOLDFAST_GATEWAY_PORT');
  const open = [...(config.port === 0 ? ['api'] : []), ...(config.gatewayPort === 0 ? ['gateway'] : [])];
  const chosen = open.length > 0 ? await choosePorts(portsFile, open, config.bind) : {};
  return { api: config.port || chosen.api!, gateway: config.gatewayPort || chosen.gateway! };
}

async function refuseBusy(what: string, host: string, port: number, variable: string): Promise<void> {
  if (port === 0) return;
  const code = await whyClosed(host, port);
  if (code === null) return;
  if (code === 'EADDRNOTAVAIL') throw noAddress(host, code);
  const inUse = code === 'EADDRINUSE';
  throw new StartProblem(
    `The port of the ${what} ${inUse ? 'is in use by another program' : `cannot be opened (${code})`}`,
    `${host}:${port}`,
    `${inUse ? 'End that program, or choose' : 'Choose'} another port with ${variable}; 0 picks a free one.`,
  );
}

const ANSWERS_WITHIN_MS = 5_000;

/** A Temporal that was named has to answer; nothing else is started before it does. */
export async function refuseSilentTemporal(config: Config): Promise<void> {
  const target = temporalTarget(config);
  const connection = lazyConnection(target);
  try {
    await connection.withDeadline(Date.now() + ANSWERS_WITHIN_MS, () => connection.workflowService.getSystemInfo({}));
  } catch (thrown) {
    const { details } = thrown as { details?: string };
    throw new StartProblem(
      `Temporal does not answer: ${details || asError(thrown).message}`,
      target.address,
      'Start Temporal there, correct TEMPORAL_ADDRESS and the TEMPORAL_TLS_ variables, or unset TEMPORAL_ADDRESS to use the one that Holdfast brings.',
      thrown,
    );
  } finally {
    await connection.close();
  }
}
