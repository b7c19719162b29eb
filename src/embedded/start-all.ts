import { ApiClient } from '../cli/client/client.ts';
import type { Config } from '../config/config.ts';
import { baseEnvironment, type Environment } from '../config/environment.ts';
import { LOCAL_HOST } from '../domain/core/local-host.ts';
import { systemClock } from '../lib/clock.ts';
import { systemRandom } from '../lib/ids.ts';
import { type BootstrapAnswer, bootstrapInstance } from '../processes/bootstrap.ts';
import { migrateDatabase } from '../processes/migrate.ts';
import { apiUrlOf, gatewayAddressOf, reachableAt } from '../processes/place/urls.ts';
import { firstBackupOnce } from './first-backup-once.ts';
import { embeddedPostgres, ownDatabase } from './postgres/up-database.ts';
import type { OurPorts } from './preflight.ts';
import { findOurPrograms } from './programs/our-programs.ts';
import type { ProgressOutput } from './progress-output.ts';
import { OurProcesses } from './supervisor/our-processes.ts';
import { isHostOnline, isListening, isReady, untilTrue } from './supervisor/readiness.ts';
import type { StopList } from './supervisor/stop-list.ts';
import { Supervisor } from './supervisor/supervisor.ts';
import { TemporalStart } from './temporal/temporal-start.ts';

interface StackOrder {
  readonly config: Config;
  readonly environment: Environment;
  readonly ports: OurPorts;
  readonly output: ProgressOutput;
  readonly stops: StopList;
  readonly stopping: AbortSignal;
  readonly firstJob: boolean;
}

export interface Started {
  readonly apiUrl: string;
  readonly temporalUiUrl: string | null;
  readonly setupToken: string | null;
}

/** Everything in the order of its needs, side by side where nothing is needed. */
export async function startAll(order: StackOrder): Promise<Started> {
  const { config, ports, output, stops } = order;
  const programs = await findOurPrograms(config, order.environment, output);
  const ownerUrls = await database(order);
  const temporal = new TemporalStart({ ...order, programs, clusterUrl: ownerUrls.cluster });
  const apiUrl = apiUrlOf(config, ports.api);
  const ours = new OurProcesses({
    ...order,
    programs,
    apiUrl,
    temporal: await temporal.coming(),
    temporalUiUrl: await temporal.comingUiUrl(),
  });
  const [, made] = await Promise.all([temporal.start(), prepare(order, ownerUrls.own, apiUrl, ours)]);
  await Promise.race([ready(order, ours, apiUrl, made), stops.endedEarly()]);
  if (order.firstJob && made.firstBackupAt === null)
    await firstBackupOnce({ ...order, ownerUrl: ownerUrls.own, profile: { url: apiUrl, apiKey: made.apiKey } });
  stops.settle();
  temporal.keepWhole();
  return { apiUrl, temporalUiUrl: await temporal.startUi(), setupToken: made.setupToken };
}

/** As the cluster's superuser for Temporal's databases, and as the owner of ours. */
async function database(order: StackOrder): Promise<{ cluster: string; own: string }> {
  const { config, environment, output, stops } = order;
  if (config.database.owner !== null) return { cluster: config.database.owner, own: config.database.owner };
  const env = baseEnvironment(environment);
  const start = embeddedPostgres(config, env, output);
  const supervisor = stops.add('postgres', new Supervisor({ name: 'postgres', start, output }));
  const { running } = await supervisor.start();
  return { cluster: running.ownerUrl, own: await ownDatabase(running) };
}

/** Schema, first rows and files; then those of ours that can wait for Temporal by themselves. */
async function prepare(
  order: StackOrder,
  ownerUrl: string,
  apiUrl: string,
  ours: OurProcesses,
): Promise<BootstrapAnswer> {
  const { config, ports, output } = order;
  const began = Date.now();
  const applied = await migrateDatabase(config, ownerUrl, systemClock, systemRandom);
  output.step(
    applied.length > 0 ? `database: migrated to ${applied.at(-1)}` : 'database: schema is up to date',
    Date.now() - began,
  );
  const made = await bootstrapInstance({
    config,
    ownerUrl,
    apiUrl,
    gatewayAddress: gatewayAddressOf(config, ports.gateway),
    clock: systemClock,
    random: systemRandom,
  });
  await Promise.all([ours.start('gateway'), ours.start('worker'), ours.start('api')]);
  return made;
}

async function ready(order: StackOrder, ours: OurProcesses, apiUrl: string, made: BootstrapAnswer): Promise<void> {
  const { config, ports, output, stopping } = order;
  const log = (name: 'api' | 'gateway' | 'agent') => ours.logFile(name);
  const began = Date.now();
  await untilTrue('The gateway did not open its port', log('gateway'), stopping, () =>
    isListening(reachableAt(config.bind), ports.gateway),
  );
  output.step('gateway: open');
  await ours.start('agent');
  await untilTrue('The API did not become ready', log('api'), stopping, () => isReady(apiUrl));
  output.step(`api: ready on ${apiUrl}`);
  const client = new ApiClient({ url: apiUrl, apiKey: made.apiKey }, systemRandom);
  await untilTrue('This host did not come online', log('agent'), stopping, () => isHostOnline(client, LOCAL_HOST));
  output.step(`agent: host "${LOCAL_HOST}" is online`, Date.now() - began);
}
