import { join } from 'node:path';
import type { Config } from '../../config/config.ts';
import { baseEnvironment, type Environment } from '../../config/environment.ts';
import { KEYS_HELD } from '../../lib/seal.ts';
import { dataPaths } from '../../processes/place/data-folder.ts';
import { readKeyring } from '../../processes/place/keyring-file.ts';
import { ensureOurNamespace } from '../../processes/place/temporal-namespace.ts';
import { temporalTarget } from '../../processes/place/temporal-target.ts';
import type { TemporalTarget } from '../../temporal/connection.ts';
import { EncryptingCodec } from '../../temporal/payload-codec.ts';
import { choosePorts } from '../ports.ts';
import type { OurPrograms } from '../programs/our-programs.ts';
import type { ProgressOutput } from '../progress-output.ts';
import type { StopList } from '../supervisor/stop-list.ts';
import { Supervisor } from '../supervisor/supervisor.ts';
import { type RunningTemporal, startTemporal } from './temporal.ts';
import { databaseNumbers, ensureTemporalSchema } from './temporal-schema.ts';
import { ensureTemporalTls, temporalTlsAt } from './temporal-tls.ts';
import { startTemporalUi } from './temporal-ui.ts';
import { watchTemporal } from './temporal-watch.ts';
import { comingTemporalAddress } from './up-temporal.ts';

/** Of the server's heap: it holds 60 MiB idle, some 150 with full caches. A limit that is reached costs a core, so this is far above. */
const MEMORY_LIMIT = '400MiB';

interface TemporalOrder {
  readonly config: Config;
  readonly environment: Environment;
  readonly programs: OurPrograms;
  /** A login of the cluster that may make roles and databases. */
  readonly clusterUrl: string;
  readonly output: ProgressOutput;
  readonly stops: StopList;
  readonly stopping: AbortSignal;
}

/** A server of ours, and which databases it was started on. */
interface OwnTemporal extends RunningTemporal {
  readonly databases: string | null;
}

/** Temporal: the one that was named, or one of our own with its UI. */
export class TemporalStart {
  readonly #order: TemporalOrder;
  #config: Config;
  #supervisor: Supervisor<OwnTemporal> | null = null;

  constructor(order: TemporalOrder) {
    this.#order = order;
    this.#config = order.config;
  }

  /** Where it will be and how to reach it, known before it runs, so that others can be started meanwhile. */
  async coming(): Promise<Config['temporal']> {
    const { dataDir, temporal } = this.#config;
    if (temporal.address === null) {
      const { authority, client, serverName } = await ensureTemporalTls(dataPaths(dataDir).temporalTls);
      const tls = { serverCaFile: authority, certFile: client.certificate, keyFile: client.key, serverName };
      const address = await comingTemporalAddress(dataDir);
      this.#config = { ...this.#config, temporal: { ...temporal, address, tls } };
    }
    return this.#config.temporal;
  }

  async comingUiUrl(): Promise<string | null> {
    const { config } = this.#order;
    if (config.temporal.uiUrl !== null || config.temporal.address !== null) return config.temporal.uiUrl;
    const { ui } = await choosePorts(join(dataPaths(config.dataDir).temporalUi, 'ports.json'), ['ui']);
    return `http://127.0.0.1:${ui}`;
  }

  async start(): Promise<void> {
    const { config, stops, output } = this.#order;
    if (config.temporal.address !== null) return await this.#ensureNamespace();
    this.#supervisor = stops.add(
      'temporal',
      new Supervisor({ name: 'temporal', start: () => this.#startOwn(), output }),
    );
    await this.#supervisor.start();
  }

  /** From now on what is lost of it is made anew: its databases by a new start, a namespace at once. */
  keepWhole(): void {
    const { clusterUrl, stopping, output } = this.#order;
    const own = this.#supervisor && {
      startedOn: () => this.#supervisor!.running?.databases ?? null,
      now: () => databaseNumbers(clusterUrl),
      renew: (why: string) => this.#supervisor!.renew(why),
    };
    const target = this.#target();
    void watchTemporal({ own, target, ensureNamespace: () => this.#ensureNamespace(), stopping, output });
  }

  /** Last of all: nothing waits for it. Returns an address that opens it. */
  async startUi(): Promise<string | null> {
    const { config, environment, programs, output, stops } = this.#order;
    if (config.temporal.address !== null) return config.temporal.uiUrl;
    const { temporalUi, temporalTls, run } = dataPaths(config.dataDir);
    const start = () =>
      startTemporalUi({
        program: programs['temporal-ui']!.path,
        dir: temporalUi,
        runDir: run,
        address: this.#config.temporal.address!,
        tls: temporalTlsAt(temporalTls),
        defaultNamespace: config.temporal.namespace,
        codec: new EncryptingCodec(readKeyring(config.keyringFile, KEYS_HELD.worker)),
        env: baseEnvironment(environment),
        report: output.report,
      });
    const supervisor = stops.add('temporal-ui', new Supervisor({ name: 'temporal-ui', start, output }));
    const ui = await supervisor.start();
    supervisor.settle();
    return ui.newLink();
  }

  /** Each start makes what is missing, so that a server that ended because its databases were gone comes back whole. */
  async #startOwn(): Promise<OwnTemporal> {
    const { config, environment, programs, clusterUrl, output } = this.#order;
    const { temporal, run } = dataPaths(config.dataDir);
    const env = { ...baseEnvironment(environment), GOMEMLIMIT: MEMORY_LIMIT };
    const began = Date.now();
    const postgres = await ensureTemporalSchema({
      sqlTool: programs['temporal-sql']!,
      ownerUrl: clusterUrl,
      dir: temporal,
      env,
      report: () => {},
    });
    const databases = await databaseNumbers(clusterUrl);
    output.step('temporal: schema is there', Date.now() - began);
    const server = programs['temporal-server']!.path;
    const running = await startTemporal({ server, dir: temporal, runDir: run, postgres, env, report: output.report });
    try {
      await this.#ensureNamespace();
    } catch (thrown) {
      await running.stop();
      throw thrown;
    }
    return { ...running, databases };
  }

  async #ensureNamespace(): Promise<void> {
    const began = Date.now();
    const target = this.#target();
    await ensureOurNamespace(target);
    this.#order.output.step(`temporal: namespace ${target.namespace} is usable`, Date.now() - began);
  }

  #target(): TemporalTarget {
    return temporalTarget(this.#config);
  }
}
