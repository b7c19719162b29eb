import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Agent, get } from 'node:https';
import { dirname, join } from 'node:path';
import type { PayloadCodec } from '@temporalio/common';
import { type Env, type Report, StartProblem } from '../../processes/place/start-problem.ts';
import { choosePorts } from '../ports.ts';
import { type Child, spawnChild } from '../supervisor/children.ts';
import { logTail } from '../supervisor/log-tail.ts';
import type { TemporalTls } from './temporal-tls.ts';
import { startUiGrpcProxy } from './ui-grpc-proxy.ts';
import { DECODE_PATH, startUiHttpProxy } from './ui-http-proxy.ts';
import { keptUiKey, newUiLink } from './ui-link.ts';

interface TemporalUiOptions {
  /** Path of the UI server program. */
  program: string;
  /** `<data>/temporal-ui`. */
  dir: string;
  runDir: string;
  /** host:port of the Temporal frontend. */
  address: string;
  tls: TemporalTls;
  defaultNamespace: string;
  /** Opens the payloads for who looks. */
  codec: PayloadCodec;
  env: Env;
  report: Report;
}

export interface RunningTemporalUi {
  url: string;
  /** Opens it once. */
  newLink(): string;
  pid: number;
  exited: Child['exited'];
  stop(): Promise<void>;
}

function responds(port: number, { authority, serverName }: TemporalTls): Promise<boolean> {
  return new Promise((resolve) => {
    const agent = new Agent();
    const order = {
      agent,
      host: '127.0.0.1',
      port,
      path: '/healthz',
      ca: readFileSync(authority),
      servername: serverName,
    };
    const asked = get(order, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    });
    asked.setTimeout(2_000, () => asked.destroy());
    asked.on('error', () => resolve(false));
  });
}

function writeUiConfig(options: TemporalUiOptions, port: number, grpcAddress: string, url: string): void {
  const { dir, tls } = options;
  mkdirSync(join(dir, 'config'), { recursive: true });
  const config = {
    temporalGrpcAddress: grpcAddress,
    tls: { caFile: tls.authority, serverName: tls.serverName, enableHostVerification: true },
    // Also here, so that nobody else who has its port while it is started anew hears our word.
    uiServerTLS: { certFile: tls.server.certificate, keyFile: tls.server.key },
    host: '127.0.0.1',
    port,
    enableUi: true,
    defaultNamespace: options.defaultNamespace,
    // So that it shows no buttons; the proxy to Temporal takes no call of theirs. What is done to a job is done by our API, which knows by whom.
    disableWriteActions: true,
    // Nothing is fetched from outside by people's browsers.
    disableNewsFetch: true,
    cors: { allowOrigins: [url], cookieInsecure: true },
    codec: { endpoint: `${url}${dirname(DECODE_PATH)}` },
  };
  writeFileSync(join(dir, 'config/development.yaml'), JSON.stringify(config, null, 2));
}

async function startServer(options: TemporalUiOptions, port: number): Promise<Child> {
  const { dir } = options;
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
  while (!(await responds(port, options.tls))) {
    if (!child.running() || Date.now() > end) {
      await child.stop({ graceMs: 1_000 });
      throw new StartProblem(`Temporal's UI did not start: ${logTail(logFile)}`, logFile, 'Read the end of that log.');
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  return child;
}

/** Starts Temporal's web UI on the loopback address, behind a proxy of ours: it has no login of its own (ADR 025). */
export async function startTemporalUi(options: TemporalUiOptions): Promise<RunningTemporalUi> {
  const { dir, tls } = options;
  const began = Date.now();
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const ports = await choosePorts(join(dir, 'ports.json'), ['ui', 'server']);
  const [url, key, word] = [`http://127.0.0.1:${ports.ui}`, keptUiKey(dir), randomBytes(32).toString('base64url')];
  const grpcProxy = await startUiGrpcProxy(options.address, tls, word);
  writeUiConfig(options, ports.server, grpcProxy.address, url);
  const child = await startServer(options, ports.server).catch((thrown) => {
    grpcProxy.stop();
    throw thrown;
  });
  const server = { port: ports.server, authority: readFileSync(tls.authority, 'utf8'), serverName: tls.serverName };
  const httpProxy = await startUiHttpProxy({ port: ports.ui, key, word, server, codec: options.codec });
  const closed = child.exited.then(async () => {
    grpcProxy.stop();
    await httpProxy.stop();
  });
  options.report({ program: 'temporal-ui', step: `ready on port ${ports.ui}`, elapsedMs: Date.now() - began });
  return {
    url,
    newLink: () => newUiLink(url, key, Date.now()),
    pid: child.pid,
    exited: closed.then(() => child.exited),
    async stop() {
      await child.stop({ graceMs: 2_000 });
      await closed;
    },
  };
}
