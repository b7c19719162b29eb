import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Env, type Report, StartProblem } from '../../processes/place/start-problem.ts';
import { lazyConnection, type TemporalTarget } from '../../temporal/connection.ts';
import { choosePorts } from '../ports.ts';
import { type Child, spawnChild } from '../supervisor/children.ts';
import { logTail } from '../supervisor/log-tail.ts';
import { isListening } from '../supervisor/readiness.ts';
import { writeDynamicConfig } from './temporal-dynamic-config.ts';
import type { TemporalStore } from './temporal-schema.ts';
import { clientTls, ensureTemporalTls, type TemporalTls } from './temporal-tls.ts';

/** The variables by which the server's built-in configuration takes its ports; also their names in ports.json. */
const PORTS = [
  'FRONTEND_GRPC_PORT',
  'HISTORY_GRPC_PORT',
  'MATCHING_GRPC_PORT',
  'WORKER_GRPC_PORT',
  'FRONTEND_MEMBERSHIP_PORT',
  'HISTORY_MEMBERSHIP_PORT',
  'MATCHING_MEMBERSHIP_PORT',
  'WORKER_MEMBERSHIP_PORT',
] as const;
type TemporalPort = (typeof PORTS)[number];

interface TemporalOptions {
  /** Path of the server program. */
  server: string;
  /** `<data>/temporal`. */
  dir: string;
  runDir: string;
  postgres: TemporalStore;
  env: Env;
  report: Report;
  /** Timers exact to 10 ms, and new namespaces usable at once. */
  forTests?: boolean;
  /** Values of the dynamic configuration in place of ours: a Temporal that is not ours may be set up in another way. */
  changes?: Readonly<Record<string, unknown>>;
}

export interface RunningTemporal {
  /** host:port of the frontend. */
  address: string;
  /** How its clients reach it; nobody else does. */
  tls: NonNullable<TemporalTarget['tls']>;
  ports: Record<TemporalPort, number>;
  pid: number;
  exited: Child['exited'];
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 60_000;
const ASK_MS = 2_000;
const DYNAMIC_CONFIG = 'dynamic-config.yaml';

/** Variables with which a caller's shell could bend the server's built-in configuration. */
function cleanEnv(env: Env): Env {
  const bends =
    /^(TEMPORAL_|SQL_|VISIBILITY_|CASSANDRA_|ES_|ENABLE_ES|USE_INTERNAL|STATSD_|PROMETHEUS_|PPROF_|POSTGRES_|DB)/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !bends.test(name)));
}

/** Put into a YAML template as it is, where a quote in the path would end it: so relative to the folder the server stands in. */
const inFolder = (file: string): string => join('tls', basename(file));

/** Both listeners, the one for clients and the one between its own services, ask for a certificate of our authority. */
function tlsEnv({ authority, server, serverName }: TemporalTls): Env {
  return {
    TEMPORAL_TLS_REQUIRE_CLIENT_AUTH: 'true',
    TEMPORAL_TLS_FRONTEND_CERT: inFolder(server.certificate),
    TEMPORAL_TLS_FRONTEND_KEY: inFolder(server.key),
    TEMPORAL_TLS_FRONTEND_SERVER_NAME: serverName,
    // Its template writes a list of two, and an empty file name is an error.
    TEMPORAL_TLS_CLIENT1_CA_CERT: inFolder(authority),
    TEMPORAL_TLS_CLIENT2_CA_CERT: inFolder(authority),
    TEMPORAL_TLS_SERVER_CERT: inFolder(server.certificate),
    TEMPORAL_TLS_SERVER_KEY: inFolder(server.key),
    TEMPORAL_TLS_SERVER_CA_CERT: inFolder(authority),
    TEMPORAL_TLS_INTERNODE_SERVER_NAME: serverName,
  };
}

function serverEnv(options: TemporalOptions, ports: Record<TemporalPort, number>, tls: TemporalTls): Env {
  const { postgres } = options;
  const chosen = Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)]));
  return {
    ...cleanEnv(options.env),
    ...chosen,
    ...tlsEnv(tls),
    // Off: it took simple requests of any web page.
    FRONTEND_HTTP_PORT: '0',
    DB: 'postgres12_pgx',
    POSTGRES_SEEDS: postgres.host,
    DB_PORT: String(postgres.port),
    POSTGRES_USER: postgres.user,
    POSTGRES_PWD: postgres.password,
    DBNAME: postgres.databases.main,
    VISIBILITY_DBNAME: postgres.databases.visibility,
    // Fixed for the life of the database; four are enough for 37 jobs a second on two cores.
    NUM_HISTORY_SHARDS: '4',
    BIND_ON_IP: '127.0.0.1',
    // Relative as the files above.
    DYNAMIC_CONFIG_FILE_PATH: DYNAMIC_CONFIG,
    LOG_LEVEL: 'warn',
  };
}

async function answersSystemInfo(target: TemporalTarget): Promise<boolean> {
  // A connection for each try, once the port is open: one that failed would wait before it tries again.
  if (!(await isListening('127.0.0.1', Number(target.address.split(':')[1])))) return false;
  const connection = lazyConnection(target);
  try {
    const asked = connection.withDeadline(Date.now() + ASK_MS, () => connection.workflowService.getSystemInfo({}));
    return typeof (await asked).serverVersion === 'string';
  } catch {
    return false;
  } finally {
    await connection.close();
  }
}

async function waitServing(child: Child, target: TemporalTarget, logFile: string): Promise<void> {
  const end = Date.now() + READY_WITHIN_MS;
  while (!(await answersSystemInfo(target))) {
    if (!child.running() || Date.now() > end) {
      await child.stop({ graceMs: 1_000 });
      throw new StartProblem(
        `Temporal's server did not start: ${logTail(logFile)}`,
        logFile,
        'Read the end of that log.',
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Starts the Temporal server on eight loopback ports and waits until its frontend answers. */
export async function startTemporal(options: TemporalOptions): Promise<RunningTemporal> {
  const began = Date.now();
  mkdirSync(options.dir, { recursive: true });
  const ports = await choosePorts(join(options.dir, 'ports.json'), PORTS);
  const tls = await ensureTemporalTls(join(options.dir, 'tls'));
  writeDynamicConfig(join(options.dir, DYNAMIC_CONFIG), options);
  const logFile = join(options.dir, 'server.log');
  const child = await spawnChild({
    name: 'temporal-server',
    command: options.server,
    args: ['--allow-no-auth', 'start'],
    env: serverEnv(options, ports, tls),
    cwd: options.dir,
    runDir: options.runDir,
    logFile,
    stopGraceMs: 3_000,
  });
  const address = `127.0.0.1:${ports.FRONTEND_GRPC_PORT}`;
  const how = clientTls(tls);
  await waitServing(child, { address, namespace: '', apiKey: null, tls: how }, logFile);
  options.report({ program: 'temporal-server', step: `ready on ${address}`, elapsedMs: Date.now() - began });
  const stop = async () => {
    await child.stop({ graceMs: 10_000 });
  };
  return { address, tls: how, ports, pid: child.pid, exited: child.exited, stop };
}
