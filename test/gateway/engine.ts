import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { bundleWorkflowCode, NativeConnection, Worker } from '@temporalio/worker';
import { startPostgres } from '../../src/cli/up/postgres.ts';
import { findPrograms } from '../../src/cli/up/programs.ts';
import { startTemporal } from '../../src/cli/up/temporal.ts';
import { ensureNamespace } from '../../src/cli/up/temporal-namespace.ts';
import { ensureTemporalSchema } from '../../src/cli/up/temporal-schema.ts';
import { ensureCertificate } from '../../src/gateway/certificate.ts';
import { startGateway } from '../../src/gateway/server.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { newUuid, publicId, systemRandom } from '../../src/lib/ids.ts';
import { EncryptingCodec } from '../../src/lib/payload-codec.ts';
import { newKeyring } from '../../src/lib/seal.ts';
import { MemoryStore } from './memory-store.ts';

export const NAMESPACE = 'hosts';
const env = { ...process.env };
const quiet = () => {};
type Fields = Record<string, unknown>;
/** What the gateway logs as an error is a fault of ours and has to be seen. */
const log = {
  debug: quiet,
  info: quiet,
  warn: quiet,
  error: (fields: Fields, message: string) =>
    process.stderr.write(`${message} ${JSON.stringify(fields)} ${fields.err}\n`),
  child: () => log,
} as never;

/** A real Temporal server on a real PostgreSQL, a worker with the test's workflows, and a gateway in front, with TLS. */
export async function startEngine() {
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'holdfast-gateway-'));
  execFileSync('chmod', ['0711', folder]);
  const { address, stop: stopTemporal } = await startServer(folder);
  const keyring = newKeyring(systemClock, systemRandom);
  const dataConverter = {
    payloadCodecs: [new EncryptingCodec(keyring)],
    failureConverterPath: fileURLToPath(new URL('../../src/temporal/failure-converter.cjs', import.meta.url)),
  };
  const connection = await Connection.connect({ address });
  await ensureNamespace(connection, { namespace: NAMESPACE, retentionHours: 24, searchAttributes: ['HostId'] });
  const client = new Client({ connection, namespace: NAMESPACE, dataConverter });
  const native = await NativeConnection.connect({ address });
  const workflowBundle = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('./workflows.ts', import.meta.url)),
    failureConverterPath: dataConverter.failureConverterPath,
    logger: { log: quiet, trace: quiet, debug: quiet, info: quiet, warn: quiet, error: quiet },
  });
  const common = { connection: native, namespace: NAMESPACE, taskQueue: 'control' };
  const worker = await Worker.create({ ...common, workflowBundle, dataConverter });
  const working = worker.run();

  const store = new MemoryStore(keyring);
  const certificate = await ensureCertificate(join(folder, 'tls'), [], systemClock);
  let gateway = await open(0);
  function open(port: number, namespace = NAMESPACE) {
    const listen = { host: '127.0.0.1', port };
    const parts = { upstreamAddress: address, namespace, keyring, store, log };
    return startGateway({ listen, tls: certificate, clock: systemClock, random: systemRandom, ...parts });
  }
  return {
    folder,
    keyring,
    store,
    client,
    temporalAddress: address,
    authorityPem: certificate.authorityPem,
    gatewayAddress: `127.0.0.1:${gateway.port}`,
    /** Starts `workflow` as the first run of a new job. */
    startJob: (workflow: string, queue: string) => {
      const jobId = publicId('job', newUuid(systemClock, systemRandom));
      const args = [queue, { kind: 'noop', jobId, runNo: 1, attempt: 1 }];
      return client.workflow.start(workflow, { taskQueue: 'control', workflowId: `job/${jobId}/1`, args });
    },
    /** Another gateway, before a namespace of that name. */
    openGateway: (namespace: string) => open(0, namespace),
    /** Takes the gateway away for a time and brings it back at the same port. */
    restartGateway: async (awayMs: number) => {
      await gateway.stop();
      await new Promise((resolve) => setTimeout(resolve, awayMs));
      gateway = await open(gateway.port);
    },
    stop: async () => {
      worker.shutdown();
      await working;
      await gateway.stop();
      await native.close();
      await connection.close();
      await stopTemporal();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
export type Engine = Awaited<ReturnType<typeof startEngine>>;

async function startServer(folder: string) {
  const cacheDir = join(env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'holdfast');
  const find = { overrides: {}, path: env.PATH ?? '', cacheDir, env, report: quiet };
  const programs = await findPrograms(['temporal-server', 'temporal-sql'], find);
  const database = await startPostgres({ dataDir: join(folder, 'postgres'), ephemeral: true, env, report: quiet });
  const dir = join(folder, 'temporal');
  const sqlTool = programs['temporal-sql'];
  const postgres = await ensureTemporalSchema({ sqlTool, ownerUrl: database.ownerUrl, dir, env, report: quiet });
  const server = programs['temporal-server'].path;
  const common = { dir, runDir: join(folder, 'run'), postgres, env, report: quiet, forTests: true };
  const temporal = await startTemporal({ server, ...common });
  const stop = async () => {
    await temporal.stop();
    await database.stop('immediate');
  };
  return { address: temporal.address, stop };
}
