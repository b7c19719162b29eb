import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Connection } from '@temporalio/client';
import { expect, test } from 'vitest';
import { startPostgres } from '../../src/cli/up/postgres.ts';
import { findPrograms } from '../../src/cli/up/programs.ts';
import { type RunningTemporal, startTemporal } from '../../src/cli/up/temporal.ts';
import { writeDynamicConfig } from '../../src/cli/up/temporal-dynamic-config.ts';
import { ensureNamespace, type NamespaceOptions } from '../../src/cli/up/temporal-namespace.ts';
import { ensureTemporalSchema } from '../../src/cli/up/temporal-schema.ts';
import { temporalTlsAt } from '../../src/cli/up/temporal-tls.ts';
import { startTemporalUi } from '../../src/cli/up/temporal-ui.ts';
import { lazyConnection } from '../../src/temporal/connection.ts';
import { cacheDir, env, ownFolder, quiet } from './place.ts';

/** On a machine whose cache is empty the programs are built first. */
const TIMEOUT = 15 * 60_000;
const find = () =>
  findPrograms(['temporal-server', 'temporal-sql', 'temporal-ui'], {
    overrides: {},
    path: env.PATH ?? '',
    cacheDir,
    env,
    report: quiet,
  });
const SOME = { OrgId: 'KEYWORD', HostId: 'KEYWORD' } as const;
const ATTRIBUTES = { ...SOME, JobKind: 'KEYWORD', Trigger: 'KEYWORD', HostName: 'KEYWORD_LIST' } as const;

async function withConnection<T>(
  { address, tls }: RunningTemporal,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = lazyConnection({ address, namespace: 'default', apiKey: null, tls });
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

test('Temporal starts on our PostgreSQL, is killed, starts again, and has its namespace and search attributes', {
  timeout: TIMEOUT,
}, async () => {
  const programs = await find();
  const folder = ownFolder();
  const [dir, runDir] = [join(folder, 'temporal'), join(folder, 'run')];
  const database = await startPostgres({ dataDir: join(folder, 'postgres'), ephemeral: true, env, report: quiet });
  const steps: string[] = [];
  const schema = () =>
    ensureTemporalSchema({
      sqlTool: programs['temporal-sql'],
      ownerUrl: database.ownerUrl,
      dir,
      env,
      report: (line) => steps.push(line.step),
    });
  const postgres = await schema();
  const start = () =>
    startTemporal({
      server: programs['temporal-server'].path,
      dir,
      runDir,
      postgres,
      env,
      report: quiet,
      forTests: true,
    });
  const first = await start();
  const namespace = (server: RunningTemporal, searchAttributes: NamespaceOptions['searchAttributes']) =>
    withConnection(server, (connection) =>
      ensureNamespace(connection, { namespace: 'default', retentionHours: 72, searchAttributes }),
    );
  const id = await namespace(first, SOME);
  expect(id).toMatch(/^[0-9a-f-]{36}$/);

  process.kill(first.pid, 'SIGKILL');
  expect((await first.exited).signal).toBe('SIGKILL');
  expect(await schema()).toEqual(postgres);
  expect(steps).toHaveLength(1);
  const second = await start();
  expect(second.ports).toEqual(first.ports);
  expect(await namespace(second, ATTRIBUTES)).toBe(id);
  const listed = await withConnection(second, (connection) =>
    connection.operatorService.listSearchAttributes({ namespace: 'default' }),
  );
  expect(Object.keys(listed.customAttributes ?? {}).sort()).toEqual(Object.keys(ATTRIBUTES).sort());

  const { authority, client, serverName } = temporalTlsAt(join(dir, 'tls'));
  const ui = await startTemporalUi({
    tls: { serverCaFile: authority, certFile: client.certificate, keyFile: client.key, serverName },
    program: programs['temporal-ui'].path,
    dir: join(folder, 'ui'),
    runDir,
    address: second.address,
    defaultNamespace: 'default',
    env,
    report: quiet,
  });
  expect(await (await fetch(ui.url)).text()).toContain('<html');
  await ui.stop();
  await second.stop();
  await database.stop('fast');
});

test('Temporal knows every key of the dynamic configuration', { timeout: TIMEOUT }, async () => {
  const programs = await find();
  const file = join(ownFolder(), 'dynamic-config.yaml');
  writeDynamicConfig(file, { forTests: true });
  const said = spawnSync(programs['temporal-server'].path, ['validate-dynamic-config', file], { encoding: 'utf8' });
  // It only warns of an unknown key, and ends with 0: the output is the answer.
  expect({ ...said, output: null }).toMatchObject({ status: 0, stdout: `${file}\n` });
});
