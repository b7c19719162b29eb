import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Child, spawnChild } from './children.ts';
import { lastWords } from './last-words.ts';
import { choosePorts } from './ports.ts';
import { type Env, type Report, StartProblem } from './start-problem.ts';
import { writeDynamicConfig } from './temporal-dynamic-config.ts';
import type { TemporalStore } from './temporal-schema.ts';

/** The variables by which the server's built-in configuration takes its ports; also their names in ports.json. */
const PORTS = [
  'FRONTEND_GRPC_PORT',
  'FRONTEND_HTTP_PORT',
  'HISTORY_GRPC_PORT',
  'MATCHING_GRPC_PORT',
  'WORKER_GRPC_PORT',
  'FRONTEND_MEMBERSHIP_PORT',
  'HISTORY_MEMBERSHIP_PORT',
  'MATCHING_MEMBERSHIP_PORT',
  'WORKER_MEMBERSHIP_PORT',
] as const;
export type TemporalPort = (typeof PORTS)[number];

export interface TemporalOptions {
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
  httpPort: number;
  ports: Record<TemporalPort, number>;
  pid: number;
  exited: Child['exited'];
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 60_000;
const DYNAMIC_CONFIG = 'dynamic-config.yaml';

/** Variables with which a caller's shell could bend the server's built-in configuration. */
function cleanEnv(env: Env): Env {
  const bends =
    /^(TEMPORAL_|SQL_|VISIBILITY_|CASSANDRA_|ES_|ENABLE_ES|USE_INTERNAL|STATSD_|PROMETHEUS_|PPROF_|POSTGRES_|DB)/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !bends.test(name)));
}

function serverEnv(options: TemporalOptions, ports: Record<TemporalPort, number>): Env {
  const { postgres } = options;
  const chosen = Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)]));
  return {
    ...cleanEnv(options.env),
    ...chosen,
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
    // Put into a YAML template as it is, where a quote in the path would end it: so relative to the folder it stands in.
    DYNAMIC_CONFIG_FILE_PATH: DYNAMIC_CONFIG,
    LOG_LEVEL: 'warn',
  };
}

/** GetSystemInfo over the frontend's HTTP door: no gRPC connection with its back-off of seconds between tries. */
async function answersSystemInfo(httpPort: number): Promise<boolean> {
  try {
    const answer = await fetch(`http://127.0.0.1:${httpPort}/api/v1/system-info`, {
      signal: AbortSignal.timeout(2_000),
    });
    return answer.ok && typeof ((await answer.json()) as { serverVersion?: string }).serverVersion === 'string';
  } catch {
    return false;
  }
}

async function waitServing(child: Child, httpPort: number, logFile: string): Promise<void> {
  const end = Date.now() + READY_WITHIN_MS;
  while (!(await answersSystemInfo(httpPort))) {
    if (!child.running() || Date.now() > end) {
      await child.stop({ graceMs: 1_000 });
      throw new StartProblem(
        `Temporal's server did not start: ${lastWords(logFile)}`,
        logFile,
        'Read the end of that log.',
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Starts the Temporal server on nine loopback ports and waits until its frontend answers. */
export async function startTemporal(options: TemporalOptions): Promise<RunningTemporal> {
  const began = Date.now();
  mkdirSync(options.dir, { recursive: true });
  const ports = await choosePorts(join(options.dir, 'ports.json'), PORTS);
  writeDynamicConfig(join(options.dir, DYNAMIC_CONFIG), options);
  const logFile = join(options.dir, 'server.log');
  const child = await spawnChild({
    name: 'temporal-server',
    command: options.server,
    args: ['--allow-no-auth', 'start'],
    env: serverEnv(options, ports),
    cwd: options.dir,
    runDir: options.runDir,
    logFile,
    stopGraceMs: 3_000,
  });
  await waitServing(child, ports.FRONTEND_HTTP_PORT, logFile);
  const address = `127.0.0.1:${ports.FRONTEND_GRPC_PORT}`;
  options.report({ program: 'temporal-server', step: `ready on ${address}`, elapsedMs: Date.now() - began });
  const stop = async () => {
    await child.stop({ graceMs: 10_000 });
  };
  return { address, httpPort: ports.FRONTEND_HTTP_PORT, ports, pid: child.pid, exited: child.exited, stop };
}
