import type { Config } from '../../config/config.ts';
import type { Environment } from '../../config/environment.ts';
import { dataPaths } from '../../processes/place/data-folder.ts';
import type { OurPorts } from '../preflight.ts';
import type { OurPrograms } from '../programs/our-programs.ts';
import type { ProgressOutput } from '../progress-output.ts';
import { childEnv } from './child-env.ts';
import { logFileOf, type OurName, ourProcess } from './our-process.ts';
import type { StopList } from './stop-list.ts';

interface OurOrder {
  readonly config: Config;
  readonly environment: Environment;
  readonly ports: OurPorts;
  readonly programs: OurPrograms;
  readonly apiUrl: string;
  readonly temporal: Config['temporal'];
  readonly temporalUiUrl: string | null;
  readonly output: ProgressOutput;
  readonly stops: StopList;
}

/** Longer than each needs by itself: what is cut off here has hung. */
export const STOP_GRACE_MS: Record<OurName, number> = { api: 5_000, worker: 12_000, gateway: 5_000, agent: 20_000 };

/** Our own four processes, started one by one when what they need is there. */
export class OurProcesses {
  readonly #order: OurOrder;

  constructor(order: OurOrder) {
    this.#order = order;
  }

  async start(name: OurName): Promise<void> {
    const { config, output, stops } = this.#order;
    const { run, logs } = dataPaths(config.dataDir);
    const env = () => this.#env(name);
    const supervisor = ourProcess({ name, env, runDir: run, logDir: logs, stopGraceMs: STOP_GRACE_MS[name], output });
    await stops.add(name, supervisor).start();
  }

  logFile(name: OurName): string {
    return logFileOf(dataPaths(this.#order.config.dataDir).logs, name);
  }

  #env(name: OurName): Record<string, string> {
    const { config, environment, ports, programs, temporal, temporalUiUrl } = this.#order;
    const forTemporal = {
      TEMPORAL_ADDRESS: temporal.address,
      TEMPORAL_NAMESPACE: temporal.namespace,
      TEMPORAL_TLS_SERVER_CA: temporal.tls?.serverCaFile ?? null,
      TEMPORAL_TLS_CERT: temporal.tls?.certFile ?? null,
      TEMPORAL_TLS_KEY: temporal.tls?.keyFile ?? null,
      TEMPORAL_TLS_SERVER_NAME: temporal.tls?.serverName ?? null,
    };
    const own: Record<OurName, Record<string, string | null>> = {
      api: { ...forTemporal, HOLDFAST_PORT: String(ports.api), TEMPORAL_UI_URL: temporalUiUrl },
      worker: forTemporal,
      gateway: { ...forTemporal, HOLDFAST_GATEWAY_PORT: String(ports.gateway) },
      agent: { HOLDFAST_PROGRAM_RESTIC: programs.restic?.path ?? null },
    };
    return childEnv(environment, name, { HOLDFAST_DATA: config.dataDir, ...own[name] });
  }
}
