import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from '../../config/config.ts';
import { type Child, spawnChild } from './children.ts';
import { lastWords } from './last-words.ts';
import { choosePorts } from './ports.ts';
import { type Env, type Report, StartProblem } from './start-problem.ts';

export interface TemporalUiOptions {
  /** Path of the UI server program. */
  program: string;
  /** `<data>/temporal-ui`. */
  dir: string;
  runDir: string;
  /** host:port of the Temporal frontend. */
  address: string;
  tls: NonNullable<Config['temporal']['tls']>;
  defaultNamespace: string;
  /** Fixed port; else a free one, kept for later starts. */
  port?: number;
  codecEndpoint?: string;
  env: Env;
  report: Report;
}

export interface RunningTemporalUi {
  url: string;
  port: number;
  pid: number;
  exited: Child['exited'];
  stop(): Promise<void>;
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(2_000) })).ok;
  } catch {
    return false;
  }
}

function writeUiConfig(options: TemporalUiOptions, port: number, url: string): void {
  const { dir, tls } = options;
  mkdirSync(join(dir, 'config'), { recursive: true });
  const config = {
    temporalGrpcAddress: options.address,
    tls: {
      caFile: tls.serverCaFile,
      certFile: tls.certFile,
      keyFile: tls.keyFile,
      serverName: tls.serverName,
      enableHostVerification: true,
    },
    host: '127.0.0.1',
    port,
    enableUi: true,
    defaultNamespace: options.defaultNamespace,
    // Whoever reaches it may look. What is done to a job is done by our API, which knows who it is and writes it down.
    disableWriteActions: true,
    // Nothing is fetched from outside by people's browsers.
    disableNewsFetch: true,
    cors: { allowOrigins: [url], cookieInsecure: true },
    ...(options.codecEndpoint ? { codec: { endpoint: options.codecEndpoint } } : {}),
  };
  writeFileSync(join(dir, 'config/development.yaml'), JSON.stringify(config, null, 2));
}

/** Starts Temporal's web UI on the loopback address. It has no login. */
export async function startTemporalUi(options: TemporalUiOptions): Promise<RunningTemporalUi> {
  const { dir } = options;
  const began = Date.now();
  mkdirSync(dir, { recursive: true });
  const port = options.port ?? (await choosePorts(join(dir, 'ports.json'), ['ui'])).ui;
  const url = `http://127.0.0.1:${port}`;
  writeUiConfig(options, port, url);
  const logFile = join(dir, 'ui.log');
  const child = await spawnChild({
    name: 'temporal-ui',
    command: options.program,
    args: ['--root', dir, '--config', 'config', '--env', 'development', 'start'],
    env: options.env,
    cwd: dir,
    runDir: options.runDir,
    logFile,
    stopGraceMs: 2_000,
  });
  const end = Date.now() + 20_000;
  while (!(await answers(url))) {
    if (!child.running() || Date.now() > end) {
      await child.stop({ graceMs: 1_000 });
      throw new StartProblem(
        `Temporal's UI did not start: ${lastWords(logFile)}`,
        logFile,
        'Read the end of that log.',
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  options.report({ program: 'temporal-ui', step: `ready on ${url}`, elapsedMs: Date.now() - began });
  const stop = async () => {
    await child.stop({ graceMs: 2_000 });
  };
  return { url, port, pid: child.pid, exited: child.exited, stop };
}
