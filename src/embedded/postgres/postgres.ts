import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ScramClient } from '../../db/core/scram-client.ts';
import { type Env, type Report, StartProblem } from '../../processes/place/start-problem.ts';
import { choosePorts } from '../ports.ts';
import { type Child, spawnChild } from '../supervisor/children.ts';
import { endLeftovers } from '../supervisor/leftovers.ts';
import { logTail } from '../supervisor/log-tail.ts';
import { clusterPaths, ensureCluster, postgresEnv } from './postgres-cluster.ts';
import { endLeftoverPostgres } from './postgres-leftover.ts';
import { postgresPrograms } from './postgres-programs.ts';
import { postgresUser, refuseClosed } from './postgres-user.ts';
import { refuseBoundRoot } from './root-rights.ts';

interface PostgresOptions {
  /** `<HOLDFAST_DATA>/postgres`. */
  dataDir: string;
  /** Pid files; `run` beside the data folder unless told. */
  runDir?: string;
  /** Fixed port; else a free one, kept for later starts. */
  port?: number;
  settings?: Record<string, string | number>;
  /** For tests whose data may be lost: no fsync. */
  ephemeral?: boolean;
  env: Env;
  report: Report;
}

export interface RunningPostgres {
  host: string;
  port: number;
  /** Superuser, database `postgres`. */
  ownerUrl: string;
  pid: number;
  exited: Child['exited'];
  stop(mode: 'fast' | 'immediate'): Promise<void>;
}

const SETTINGS: Record<string, string | number> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: 200,
  shared_buffers: '64MB',
  // One reader beside the sessions instead of three: the working set lies in memory.
  io_workers: 1,
  // Compiling a query costs more than any of ours takes.
  jit: 'off',
  log_min_messages: 'warning',
  log_line_prefix: '%m [%p] %d ',
};
const EPHEMERAL: Record<string, string | number> = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };

/** After a crash the log is replayed before the first session; 16 MB segments take well under a second each. */
const READY_WITHIN_MS = 60_000;

function isReady(cluster: string, pid: number): boolean {
  try {
    const lines = readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n');
    return Number(lines[0]) === pid && lines[7]?.trim() === 'ready';
  } catch {
    return false;
  }
}

async function waitReady(child: Child, cluster: string, log: string): Promise<void> {
  const end = Date.now() + READY_WITHIN_MS;
  while (!isReady(cluster, child.pid)) {
    if (!child.running() || Date.now() > end) {
      await child.stop({ signal: 'SIGQUIT', graceMs: 3_000 });
      throw new StartProblem(
        `PostgreSQL did not start: ${logTail(log)}`,
        log,
        'Read the end of that log; the data folder was not changed.',
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}

function makeDataDir(dataDir: string): void {
  try {
    mkdirSync(dataDir, { recursive: true });
    // Passable for the server's own account; what is in it is closed file by file.
    chmodSync(dataDir, 0o711);
    writeFileSync(join(dataDir, '.writable'), '');
    rmSync(join(dataDir, '.writable'));
  } catch (error) {
    throw new StartProblem(
      `The data folder cannot be written: ${(error as Error).message}`,
      dataDir,
      'Give yourself the right to write there, or choose another with HOLDFAST_DATA.',
      error,
    );
  }
}

/** Starts the embedded server on the loopback address, ending one left over from a killed run first. */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const { dataDir, env, report, ephemeral = false } = options;
  const began = Date.now();
  const tell = (step: string) => report({ program: 'postgres', step, elapsedMs: Date.now() - began });
  makeDataDir(dataDir);
  const paths = clusterPaths(dataDir);
  const programs = await postgresPrograms();
  const runAs = postgresUser(paths.cluster);
  if (runAs) {
    refuseBoundRoot(readFileSync('/proc/self/status', 'latin1'));
    refuseClosed(dirname(dirname(programs.postgres)), paths.cluster, runAs);
  }
  const runDir = options.runDir ?? join(dirname(dataDir), 'run');
  // Refuses when the run that owns the server still lives; then only what no pid file knows is left to find.
  await endLeftovers(runDir);
  if (await endLeftoverPostgres(paths.cluster)) tell('ended the server of a former run');
  const { password, made } = await ensureCluster(dataDir, runAs, env, ephemeral);
  if (made) tell('made a new cluster');
  const port = options.port ?? (await choosePorts(paths.port, ['postgres'])).postgres;
  const settings = { ...SETTINGS, ...(ephemeral ? EPHEMERAL : {}), ...options.settings, port };
  const child = await spawnChild({
    name: 'postgres',
    command: programs.postgres,
    args: ['-D', paths.cluster, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    env: postgresEnv(env),
    runDir,
    logFile: paths.log,
    cwd: '/',
    uid: runAs?.uid,
    gid: runAs?.gid,
    // SIGTERM would wait for every session to end by itself.
    stopSignal: 'SIGINT',
    stopGraceMs: 10_000,
  });
  await waitReady(child, paths.cluster, paths.log);
  tell(`ready on port ${port}`);
  const stop = async (mode: 'fast' | 'immediate') => {
    await child.stop({ signal: mode === 'fast' ? 'SIGINT' : 'SIGQUIT', graceMs: mode === 'fast' ? 15_000 : 3_000 });
  };
  const ownerUrl = `postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${port}/postgres`;
  return { host: '127.0.0.1', port, ownerUrl, pid: child.pid, exited: child.exited, stop };
}

/** Makes the database unless it is there. Returns its URL for the same login. */
export async function ensureDatabase(ownerUrl: string, name: string, owner?: string): Promise<string> {
  const client = new ScramClient({ connectionString: ownerUrl });
  await client.connect();
  try {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [name]);
    const ownedBy = owner === undefined ? '' : ` owner ${client.escapeIdentifier(owner)}`;
    if (rowCount === 0) await client.query(`create database ${client.escapeIdentifier(name)}${ownedBy}`);
  } finally {
    await client.end();
  }
  const url = new URL(ownerUrl);
  url.pathname = `/${encodeURIComponent(name)}`;
  return url.href;
}
