import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Env, StartProblem } from '../../processes/place/start-problem.ts';
import { runShort } from '../programs/run-short.ts';
import { postgresPrograms } from './postgres-programs.ts';
import type { RunAs } from './postgres-user.ts';

/** What lies in the data folder of PostgreSQL: the cluster, the superuser's password, the chosen port and the log. */
export function clusterPaths(dataDir: string) {
  return {
    cluster: join(dataDir, 'cluster'),
    password: join(dataDir, 'owner-password'),
    port: join(dataDir, 'port.json'),
    log: join(dataDir, 'postgres.log'),
  };
}

/** libpq settings of the caller must not reach our own server or initdb. */
export function postgresEnv(env: Env): Env {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('PG') && !name.startsWith('LC_')));
}

function makePassword(file: string, runAs: RunAs | null): void {
  if (existsSync(file)) return;
  writeFileSync(`${file}.new`, randomBytes(24).toString('base64url'), { mode: 0o600 });
  // initdb reads it, and initdb is not root. It is that account's own password.
  if (runAs) chownSync(`${file}.new`, runAs.uid, runAs.gid);
  renameSync(`${file}.new`, file);
}

/**
 * Makes the cluster on the first start and returns the superuser's password. It is made beside its place and renamed:
 * a start killed in the middle leaves nothing that looks like a cluster.
 */
export async function ensureCluster(
  dataDir: string,
  runAs: RunAs | null,
  env: Env,
  ephemeral: boolean,
): Promise<{ password: string; made: boolean }> {
  const paths = clusterPaths(dataDir);
  makePassword(paths.password, runAs);
  const password = readFileSync(paths.password, 'utf8').trim();
  if (existsSync(join(paths.cluster, 'PG_VERSION'))) return { password, made: false };
  const fresh = `${paths.cluster}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { mode: 0o700 });
  if (runAs) chownSync(fresh, runAs.uid, runAs.gid);
  const programs = await postgresPrograms();
  const args = [
    `--pgdata=${fresh}`,
    '--username=postgres',
    `--pwfile=${paths.password}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // The same order on every machine, whatever its system locale, and lower() still knows letters beyond ASCII.
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    ...(ephemeral ? ['--no-sync'] : []),
  ];
  const made = await runShort(programs.initdb, args, {
    env: postgresEnv(env),
    timeoutMs: 120_000,
    cwd: '/',
    uid: runAs?.uid,
    gid: runAs?.gid,
  });
  if (made.code !== 0) {
    rmSync(fresh, { recursive: true, force: true });
    const why = (made.stderr || made.stdout).trim().split('\n').slice(-3).join(' | ');
    throw new StartProblem(
      `PostgreSQL could not make its cluster: ${why}`,
      dataDir,
      'Mend that and start again; nothing was left behind.',
    );
  }
  renameSync(fresh, paths.cluster);
  return { password, made: true };
}
