import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { loginUrl } from '../../src/db/core/logins.ts';
import { migrate } from '../../src/db/core/migrate.ts';
import type { Group } from '../../src/db/core/policies.ts';
import { ensureDatabase, startPostgres } from '../../src/embedded/postgres/postgres.ts';
import { findPrograms } from '../../src/embedded/programs/programs.ts';
import { type RunningTemporal, startTemporal } from '../../src/embedded/temporal/temporal.ts';
import { ensureTemporalSchema } from '../../src/embedded/temporal/temporal-schema.ts';
import { cacheDir, env, quiet } from './programs.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Of the test cluster: its superuser, the migrated template, and the four logins with the template's name in their URLs. */
    postgres: { ownerUrl: string; template: string; urls: Record<Group, string> };
    /** Null when the tests were told to go without. */
    temporal: Pick<RunningTemporal, 'address' | 'tls'> | null;
  }
}

const TEMPLATE = 'holdfast_template';
/** One PostgreSQL with a migrated template and one Temporal server for all test files of the project. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'holdfast-test-'));
  // PostgreSQL runs under another account and has to pass.
  chmodSync(folder, 0o711);
  const stops: (() => Promise<void>)[] = [async () => rmSync(folder, { recursive: true, force: true })];
  const teardown = async () => {
    for (const stop of stops.reverse()) await stop();
  };
  try {
    const postgres = await startPostgres({ dataDir: join(folder, 'postgres'), ephemeral: true, env, report: quiet });
    stops.push(() => postgres.stop('immediate'));
    project.provide('postgres', {
      ownerUrl: postgres.ownerUrl,
      template: TEMPLATE,
      urls: await makeTemplate(postgres.ownerUrl),
    });
    const temporal = env.TEST_WITHOUT_TEMPORAL ? null : await runTemporal(folder, postgres.ownerUrl);
    if (temporal) stops.push(temporal.stop);
    project.provide('temporal', temporal && { address: temporal.address, tls: temporal.tls });
    return teardown;
  } catch (error) {
    await teardown();
    throw error;
  }
}

async function makeTemplate(clusterUrl: string): Promise<Record<Group, string>> {
  const ownerUrl = await ensureDatabase(clusterUrl, TEMPLATE);
  const url = (group: Group) => loginUrl(ownerUrl, `holdfast_test_${group}`, `password-${group}`);
  const urls = { api: url('api'), auth: url('auth'), worker: url('worker'), gateway: url('gateway') };
  await migrate({ ownerUrl, rolePrefix: 'holdfast_test', urls });
  return urls;
}

async function runTemporal(folder: string, ownerUrl: string): Promise<RunningTemporal> {
  const programs = await findPrograms(['temporal-server', 'temporal-sql'], {
    overrides: {},
    path: env.PATH ?? '',
    cacheDir,
    env,
    report: quiet,
  });
  const dir = join(folder, 'temporal');
  const postgres = await ensureTemporalSchema({ sqlTool: programs['temporal-sql'], ownerUrl, dir, env, report: quiet });
  return startTemporal({
    server: programs['temporal-server'].path,
    dir,
    runDir: join(folder, 'run'),
    postgres,
    env,
    report: quiet,
    forTests: true,
  });
}
