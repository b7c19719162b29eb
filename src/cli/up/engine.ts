import { Connection } from '@temporalio/client';
import { SEARCH_ATTRIBUTES } from '../../catalog/search-attributes.ts';
import { asError, Failure } from '../../lib/failure.ts';
import { connectionOptions, type TemporalTarget } from '../../temporal/connection.ts';
import { noteInInstance } from '../run/bootstrap.ts';
import { dataPaths } from '../run/data-folder.ts';
import { temporalTarget } from '../run/temporal-target.ts';
import { type Report, StartProblem } from './start-problem.ts';
import type { Supervisor } from './supervisor.ts';
import { startTemporal } from './temporal.ts';
import { ensureNamespace } from './temporal-namespace.ts';
import { ensureTemporalSchema } from './temporal-schema.ts';
import { startTemporalUi } from './temporal-ui.ts';
import type { UpOptions } from './up-options.ts';
import type { UpPrograms } from './up-programs.ts';

export interface Engine {
  readonly address: string;
  /** Where people see it, or null when it is somebody else's and we were not told. */
  readonly uiUrl: string | null;
}

const RETENTION_HOURS = 72;

/** The Temporal to use: the one of the configuration, or our own on our PostgreSQL. */
export async function startEngine(
  { config, env }: UpOptions,
  clusterUrl: string | null,
  programs: Promise<UpPrograms>,
  supervisor: Supervisor,
  report: Report,
): Promise<Engine> {
  if (config.temporal.address !== null) {
    await assertAnswers(temporalTarget(config));
    return { address: config.temporal.address, uiUrl: config.temporal.uiUrl };
  }
  if (clusterUrl === null)
    throw new Failure(
      'no-temporal',
      'DATABASE_URL is set but TEMPORAL_ADDRESS is not (environment). Our own Temporal lives on our own PostgreSQL: set both, or neither.',
      { fault: 'operator' },
    );
  const found = await programs;
  const paths = dataPaths(config.dataDir);
  const common = { dir: paths.temporal, env: { ...env }, report };
  const store = await ensureTemporalSchema({ ...common, sqlTool: found['temporal-sql'], ownerUrl: clusterUrl });
  const runDir = paths.run;
  const temporal = await supervisor.keep('temporal', () =>
    startTemporal({ ...common, runDir, server: found['temporal-server'].path, postgres: store }),
  );
  const ui = await supervisor.keep('temporal-ui', () =>
    startTemporalUi({
      ...common,
      dir: paths.temporalUi,
      runDir,
      program: found['temporal-ui'].path,
      address: temporal.address,
      defaultNamespace: config.temporal.namespace,
    }),
  );
  return { address: temporal.address, uiUrl: ui.url };
}

async function assertAnswers(target: TemporalTarget): Promise<void> {
  try {
    const connection = await Connection.connect({ ...connectionOptions(target), connectTimeout: '5s' });
    await connection.close();
  } catch (thrown) {
    throw new StartProblem(
      `Temporal does not answer: ${asError(thrown).message}`,
      target.address,
      'Check that it runs there, or leave TEMPORAL_ADDRESS out to use our own.',
      thrown,
    );
  }
}

/** Makes the namespace and its search attributes, and keeps the namespace's id, by which a lost Temporal is noticed. */
export async function prepareNamespace(target: TemporalTarget, ownerUrl: string): Promise<void> {
  const connection = await Connection.connect(connectionOptions(target));
  try {
    const id = await ensureNamespace(connection, {
      namespace: target.namespace,
      retentionHours: RETENTION_HOURS,
      searchAttributes: [...SEARCH_ATTRIBUTES],
    });
    await noteInInstance(ownerUrl, 'temporal_namespace_id', id);
  } finally {
    await connection.close();
  }
}
