import { readFileSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../../src/config/config.ts';
import { baseEnvironment } from '../../../src/config/environment.ts';
import { choosePorts } from '../../../src/embedded/ports.ts';
import { ensureDatabase } from '../../../src/embedded/postgres/postgres.ts';
import { findPrograms } from '../../../src/embedded/programs/programs.ts';
import { isListening, isReady } from '../../../src/embedded/supervisor/readiness.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { systemRandom } from '../../../src/lib/ids.ts';
import { bootstrapInstance } from '../../../src/processes/bootstrap.ts';
import { migrateDatabase } from '../../../src/processes/migrate.ts';
import { dataPaths, ensureDataFolder } from '../../../src/processes/place/data-folder.ts';
import type { TemporalTarget } from '../../../src/temporal/connection.ts';
import { untilTrue } from '../../harness/until-true.ts';
import { postgresPart, temporalPart } from './engine.ts';
import { type OurParts, ourParts, type Via } from './ours.ts';
import { ownFolder } from './own-folder.ts';
import type { Part } from './part.ts';
import { PatientClient } from './patient-client.ts';
import { PatientDatabase } from './patient-database.ts';

export const STACK_ENV = baseEnvironment(process.env);

export interface StackOptions {
  readonly via?: Via;
  /** Starts the second API and worker too. */
  readonly replicas?: boolean;
}

/** A whole Holdfast, every process of it on its own and to be hurt; hosts come beside it. The product's own code starts each, as `up` does. */
export interface FaultStack {
  readonly folder: string;
  readonly orgId: string;
  readonly siteId: string;
  readonly restic: string;
  readonly temporal: TemporalTarget;
  /** Where agents reach the gateway, and the authority that they pin. */
  readonly gateway: { readonly address: string; readonly authorityPem: string };
  readonly client: PatientClient;
  /** The superuser's view of the rows. */
  readonly database: PatientDatabase;
  readonly parts: OurParts & { readonly postgres: Part; readonly temporal: Part };
  /** Drops Temporal's two databases; its server has to be stopped. */
  loseEngineData(): Promise<void>;
  /** Runs before the servers are stopped, the last one given first. */
  onClose(work: () => Promise<void>): void;
  close(): Promise<void>;
}

export async function openFaultStack(options: StackOptions = {}): Promise<FaultStack> {
  const { via = async (_link, address) => address } = options;
  const folder = ownFolder();
  const dataDir = join(folder, 'data');
  const programs = await findPrograms(['temporal-server', 'temporal-sql', 'restic'], {
    overrides: {},
    path: STACK_ENV.PATH ?? '',
    cacheDir: join(STACK_ENV.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'holdfast'),
    env: STACK_ENV,
    report: () => {},
  });
  ensureDataFolder(dataDir);
  const ports = await choosePorts(dataPaths(dataDir).portsFile, ['api', 'api2', 'gateway']);
  const postgres = postgresPart(folder, STACK_ENV);
  const temporal = temporalPart(folder, STACK_ENV, programs, postgres);
  const running: Part[] = [];
  const start = async (part: Part) => {
    await part.start();
    running.push(part);
  };
  const closers: (() => Promise<void>)[] = [];
  // Ours end with us by themselves; PostgreSQL and Temporal would outlive a run that was interrupted.
  const killAll = () => {
    for (const part of running) part.killNow();
  };
  process.once('exit', killAll);
  const close = async () => {
    for (const work of closers.reverse()) await work();
    for (const part of running.reverse()) await part.stop();
    process.off('exit', killAll);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await start(postgres.part);
    const config = readConfig({ HOLDFAST_DATA: dataDir });
    const ownerUrl = await ensureDatabase(postgres.url(), 'holdfast');
    await start(temporal.part);
    await migrateDatabase(config, ownerUrl, systemClock, systemRandom);
    const urls = [ports.api, ...(options.replicas ? [ports.api2] : [])].map((port) => `http://127.0.0.1:${port}`);
    const made = await bootstrapInstance({
      config,
      ownerUrl,
      apiUrl: urls[0]!,
      gatewayAddress: `127.0.0.1:${ports.gateway}`,
      clock: systemClock,
      random: systemRandom,
    });
    const temporalAddress = temporal.target().address;
    const ours = await ourParts({ folder, config, ports, temporalAddress, via, env: STACK_ENV });
    await Promise.all([start(ours.gateway), start(ours.worker), start(ours.api)]);
    if (options.replicas) await Promise.all([start(ours.secondApi), start(ours.secondWorker)]);
    await untilTrue('the gateway listens', () => isListening('127.0.0.1', ports.gateway));
    for (const url of urls) await untilTrue(`${url} is ready`, () => isReady(url));
    const database = new PatientDatabase(ownerUrl);
    closers.push(() => database.close());
    return {
      folder,
      orgId: made.orgId,
      siteId: made.siteId,
      restic: programs.restic.path,
      temporal: temporal.target(),
      gateway: {
        address: await via('agent-gateway', `127.0.0.1:${ports.gateway}`),
        authorityPem: readFileSync(join(dataPaths(dataDir).tls, 'gateway-ca-cert.pem'), 'utf8'),
      },
      client: new PatientClient(urls.map((url) => ({ url, apiKey: made.apiKey }))),
      database,
      parts: { ...ours, postgres: postgres.part, temporal: temporal.part },
      loseEngineData: () => temporal.loseData(),
      onClose: (work) => closers.push(work),
      close,
    };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}
