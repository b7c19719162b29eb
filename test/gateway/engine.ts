import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { bundleWorkflowCode, NativeConnection, Worker } from '@temporalio/worker';
import { inject } from 'vitest';
import { ensureCertificate } from '../../src/gateway/identity/certificate.ts';
import { startGateway } from '../../src/gateway/server.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { newUuid, publicId, systemRandom } from '../../src/lib/ids.ts';
import { newKeyring } from '../../src/lib/seal.ts';
import { ensureNamespace } from '../../src/processes/place/temporal-namespace.ts';
import { connectionOptions, lazyConnection } from '../../src/temporal/connection.ts';
import { EncryptingCodec } from '../../src/temporal/payload-codec.ts';
import { openBench } from '../harness/bench.ts';
import { RecordingStore } from './recording-store.ts';

/** One for each test file: they share a server, and each has a keyring and workers of its own. */
export const NAMESPACE = `hosts-${newUuid(systemClock, systemRandom)}`;
/** The workflows of these tests stand for kinds that claim: one with a password, one without. */
const KIND_OF: Readonly<Record<string, string>> = { noop: 'backup', wait: 'init' };
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
  const { address, tls } = inject('temporal')!;
  const target = { address, namespace: NAMESPACE, apiKey: null, tls };
  const keyring = newKeyring(systemClock, systemRandom);
  const dataConverter = {
    payloadCodecs: [new EncryptingCodec(keyring)],
    failureConverterPath: fileURLToPath(new URL('../../src/temporal/failure-converter.cjs', import.meta.url)),
  };
  const connection = lazyConnection(target);
  await ensureNamespace(connection, {
    namespace: NAMESPACE,
    retentionHours: 24,
    searchAttributes: { HostId: 'KEYWORD' },
  });
  const client = new Client({ connection, namespace: NAMESPACE, dataConverter });
  const native = await NativeConnection.connect(connectionOptions(target));
  const workflowBundle = await bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('./workflows.ts', import.meta.url)),
    failureConverterPath: dataConverter.failureConverterPath,
    logger: { log: quiet, trace: quiet, debug: quiet, info: quiet, warn: quiet, error: quiet },
  });
  const common = { connection: native, namespace: NAMESPACE, taskQueue: 'control' };
  const worker = await Worker.create({ ...common, workflowBundle, dataConverter });
  const working = worker.run();

  const bench = await openBench();
  const store = new RecordingStore(bench, keyring);
  const certificate = await ensureCertificate(join(folder, 'tls'), [], systemClock);
  let gateway = await open(0);
  function open(port: number, namespace = NAMESPACE) {
    const listen = { host: '127.0.0.1', port };
    const parts = { upstream: target, namespace, keyring, store, log };
    return startGateway({ listen, tls: certificate, clock: systemClock, random: systemRandom, ...parts });
  }
  return {
    folder,
    keyring,
    store,
    client,
    authorityPem: certificate.authorityPem,
    gatewayAddress: `127.0.0.1:${gateway.port}`,
    /** Starts `workflow` as the first run of a new job. */
    startJob: async (workflow: string, queue: string) => {
      const id = newUuid(systemClock, systemRandom);
      const kind = KIND_OF[workflow] ?? 'noop';
      await store.addJob(kind, id, queue);
      const jobId = publicId('job', id);
      const args = [queue, { kind, jobId, runNo: 1, attempt: 1 }];
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
      await bench.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
export type Engine = Awaited<ReturnType<typeof startEngine>>;
