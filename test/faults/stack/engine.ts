import { join } from 'node:path';
import { startPostgres } from '../../../src/embedded/postgres/postgres.ts';
import { startTemporal } from '../../../src/embedded/temporal/temporal.ts';
import { ensureTemporalSchema } from '../../../src/embedded/temporal/temporal-schema.ts';
import type { Env } from '../../../src/processes/place/start-problem.ts';
import { ensureOurNamespace } from '../../../src/processes/place/temporal-namespace.ts';
import type { TemporalTarget } from '../../../src/temporal/connection.ts';
import { Part } from './part.ts';
import { PatientDatabase } from './patient-database.ts';

export const NAMESPACE = 'holdfast';
const quiet = (): void => {};

export interface PostgresPart {
  readonly part: Part;
  /** As the superuser of the cluster; known from the first start on. */
  url(): string;
}

export function postgresPart(folder: string, env: Env): PostgresPart {
  let url = '';
  const part = new Part('postgres', async () => {
    const dataDir = join(folder, 'data', 'postgres');
    const running = await startPostgres({ dataDir, runDir: join(folder, 'run', 'postgres'), env, report: quiet });
    url = running.ownerUrl;
    return { pid: running.pid, exited: running.exited, stop: () => running.stop('fast') };
  });
  return { part, url: () => url };
}

export interface TemporalPart {
  readonly part: Part;
  readonly target: () => TemporalTarget;
  /** Drops both databases; its server has to be stopped. */
  loseData(): Promise<void>;
}

export interface TemporalPrograms {
  readonly 'temporal-server': { path: string; version: string };
  readonly 'temporal-sql': { path: string; version: string };
}

/** Each start makes what is missing: databases, schema, namespace and search attributes, as `up` does. */
export function temporalPart(
  folder: string,
  env: Env,
  programs: TemporalPrograms,
  cluster: PostgresPart,
): TemporalPart {
  const dir = join(folder, 'data', 'temporal');
  let target: TemporalTarget = { address: '', namespace: NAMESPACE, apiKey: null, tls: null };
  const part = new Part('temporal', async () => {
    const sqlTool = programs['temporal-sql'];
    const postgres = await ensureTemporalSchema({ sqlTool, ownerUrl: cluster.url(), dir, env, report: quiet });
    const runDir = join(folder, 'run', 'temporal');
    const server = programs['temporal-server'].path;
    const running = await startTemporal({ server, dir, runDir, postgres, env, report: quiet });
    target = { ...target, address: running.address, tls: running.tls };
    await ensureOurNamespace(target);
    return { pid: running.pid, exited: running.exited, stop: () => running.stop() };
  });
  const loseData = async () => {
    const database = new PatientDatabase(cluster.url());
    for (const name of ['temporal', 'temporal_visibility']) await database.rows(`drop database "${name}" with (force)`);
    await database.close();
  };
  return { part, target: () => target, loseData };
}
