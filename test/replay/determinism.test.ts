import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { acceptJobs } from '../../src/db/jobs/accept-jobs.ts';
import { runWorkflowId } from '../../src/domain/jobs/workflow-id.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { systemRandom } from '../../src/lib/ids.ts';
import { createLogger } from '../../src/lib/log.ts';
import { newKeyring } from '../../src/lib/seal.ts';
import { lazyConnection } from '../../src/temporal/connection.ts';
import { EncryptingCodec } from '../../src/temporal/payload-codec.ts';
import { openWorkflowEngine } from '../../src/temporal/workflow-engine.ts';
import { type ControlWorker, startWorker } from '../../src/worker/control.ts';
import { type Bench, openBench } from '../harness/bench.ts';
import { ownNamespace } from '../harness/namespace.ts';

const target = await ownNamespace();
const keyring = newKeyring(systemClock, systemRandom);
const log = createLogger({ level: 'error', pretty: false, process: 'test' });
const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const dataConverter = {
  payloadCodecs: [new EncryptingCodec(keyring, systemRandom)],
  failureConverterPath: file('../../src/temporal/failure-converter.cjs'),
};
let bench: Bench;
let worker: ControlWorker;
let workflowId: string;
let history: proto.temporal.api.history.v1.History;

/** Records one real run. Stored as bytes: reading a history from JSON fails for good and bad ones alike. */
beforeAll(async () => {
  bench = await openBench();
  const parts = { clock: systemClock, random: systemRandom };
  worker = await startWorker({ temporal: target, database: bench.worker, keyring, ...parts, log });
  const engine = openWorkflowEngine({ target, ...parts, log });
  const [answer] = await bench.api.inOrganization(bench.org, (tx) => acceptJobs(tx, [bench.request('noop', {}, null)]));
  if (answer?.verdict !== 'queued') throw new Error('the job was not queued');
  await engine.startRuns([answer.start]);
  const client = new Client({ connection: lazyConnection(target), namespace: target.namespace, dataConverter });
  workflowId = runWorkflowId(answer.jobId, 1);
  const handle = client.workflow.getHandle(workflowId);
  await handle.result();
  const { History } = proto.temporal.api.history.v1;
  history = History.decode(History.encode(await handle.fetchHistory()).finish());
  await Promise.all([engine.close(), client.connection.close()]);
});
afterAll(async () => {
  await worker?.stop(2_000);
  await bench?.close();
});

const replay = (workflows: string) =>
  Worker.runReplayHistory(
    {
      workflowsPath: file(workflows),
      dataConverter,
    },
    history,
    workflowId,
  );

test('a recorded run replays on the workflows of today', async () => {
  await expect(replay('../../src/workflows/index.ts')).resolves.toBeUndefined();
});

test('a recorded run fails as a determinism violation on workflows that were changed carelessly', async () => {
  await expect(replay('./changed-workflows.ts')).rejects.toBeInstanceOf(DeterminismViolationError);
});
