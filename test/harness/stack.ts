import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { vi } from 'vitest';
import type { JobRegistry } from '../../src/db/core/job-registry.ts';
import type { Tx } from '../../src/db/core/transaction.ts';
import { gatewayStore } from '../../src/db/hosts/gateway-store.ts';
import { type Accepted, acceptJobs, type JobRequest } from '../../src/db/jobs/accept-jobs.ts';
import { requestCancel } from '../../src/db/jobs/request-cancel.ts';
import { ensureCertificate } from '../../src/gateway/identity/certificate.ts';
import { startGateway } from '../../src/gateway/server.ts';
import { Failure } from '../../src/lib/failure.ts';
import { createLogger, type Log } from '../../src/lib/log.ts';
import { newKeyring, seal } from '../../src/lib/seal.ts';
import { lazyConnection, type TemporalTarget } from '../../src/temporal/connection.ts';
import { EncryptingCodec } from '../../src/temporal/payload-codec.ts';
import { openWorkflowEngine, type WorkflowEngine } from '../../src/temporal/workflow-engine.ts';
import { startWorker } from '../../src/worker/control.ts';
import type { LostRunTimes } from '../../src/worker/jobs/lost-runs.ts';
import { type Bench, openBench } from './bench.ts';
import { ownNamespace } from './namespace.ts';
import { findRestic } from './restic.ts';
import { startTestAgent, type TestAgent } from './test-agent.ts';

const FAILURE_CONVERTER = fileURLToPath(new URL('../../src/temporal/failure-converter.cjs', import.meta.url));

/** Where an agent finds a gateway. */
interface GatewayAt {
  readonly address: string;
  readonly authorityPem: string;
}

/** A whole Holdfast but its API: database, Temporal, worker and gateway here, the agent in a process of its own. */
export interface Stack extends Bench {
  readonly folder: string;
  readonly engine: WorkflowEngine;
  readonly temporal: TemporalTarget;
  readonly client: Client;
  readonly namespace: string;
  readonly dataConverter: { payloadCodecs: EncryptingCodec[]; failureConverterPath: string };
  readonly restic: string;
  readonly hostId: string;
  readonly agent: TestAgent;
  /** Away between the two; it comes back at the same address. */
  readonly gatewayServer: { stop(): Promise<void>; start(): Promise<void> };
  /** Another gateway beside it. */
  addGateway(): Promise<GatewayAt & { stop(): Promise<void> }>;
  /** Another host with its agent, at the first gateway unless it is told another. */
  addAgent(options?: { programsDieWithAgent?: boolean; gateway?: GatewayAt }): Promise<TestAgent>;
  /** A local repository with this password, not initialised. */
  addSealedRepository(password: string): Promise<{ id: string; path: string }>;
  addPathsPlan(repositoryId: string, paths: string[]): Promise<string>;
  accept(request: JobRequest): Promise<Accepted>;
  /** Accepts and tells the engine; answers the job's uuid. */
  start(kind: string, params: Record<string, unknown>, hostId?: string | null): Promise<string>;
  cancel(jobId: string): Promise<void>;
  job(jobId: string): Promise<Record<string, unknown>>;
  untilState(jobId: string, ...states: string[]): Promise<Record<string, unknown>>;
  log(jobId: string): Promise<string[]>;
}

export interface StackOptions {
  /** Else a namespace of its own on the Temporal of all tests. */
  readonly temporal?: TemporalTarget;
  /** Else the product's. */
  readonly registry?: JobRegistry<Tx>;
  readonly lostRunTimes?: LostRunTimes;
  /** Else its errors stand among the test's. */
  readonly workerLog?: Log;
}

export async function openStack(options: StackOptions = {}): Promise<Stack> {
  const bench = await openBench(undefined, options.registry);
  const { clock, random, org } = bench;
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-stack-'));
  await bench.owner.query('insert into instance(id, created_at) values (1, now())');
  const target = options.temporal ?? (await ownNamespace());
  const keyring = newKeyring(clock, random);
  const log = createLogger({ level: 'error', pretty: false, process: 'test' });
  const { lostRunTimes } = options;
  const worker = await startWorker({
    temporal: target,
    database: bench.worker,
    keyring,
    clock,
    random,
    log: options.workerLog ?? log,
    ...(lostRunTimes && { lostRunTimes }),
  });
  const certificate = await ensureCertificate(join(folder, 'tls'), [], clock);
  const openGateway = (port: number) =>
    startGateway({
      listen: { host: '127.0.0.1', port },
      tls: certificate,
      upstream: target,
      namespace: target.namespace,
      keyring,
      store: gatewayStore(bench.gateway),
      clock,
      random,
      log,
    });
  let gateway = await openGateway(0);
  const restic = findRestic()?.path;
  if (!restic) throw new Error('restic is missing: run the tests through npm test, which builds it');
  const atPort = (port: number) => ({ address: `127.0.0.1:${port}`, authorityPem: certificate.authorityPem });
  const first = atPort(gateway.port);
  const replicas: { stop(): Promise<void> }[] = [];
  const agents: TestAgent[] = [];
  const addAgent: Stack['addAgent'] = async ({ programsDieWithAgent = true, gateway: at = first } = {}) => {
    const agent = await startTestAgent(bench, at, folder, restic, programsDieWithAgent);
    agents.push(agent);
    return agent;
  };
  const agent = await addAgent();
  const { hostId } = agent;
  const engine = openWorkflowEngine({ target, clock, log });
  const dataConverter = {
    payloadCodecs: [new EncryptingCodec(keyring, random)],
    failureConverterPath: FAILURE_CONVERTER,
  };
  const client = new Client({ connection: lazyConnection(target), namespace: target.namespace, dataConverter });
  const accept = async (request: JobRequest): Promise<Accepted> => {
    const [answer] = await bench.api.inOrganization(org, (tx) => acceptJobs(tx, [request]));
    if (answer!.verdict === 'queued') await engine.startRuns([answer!.start]);
    return answer!;
  };
  const job = async (jobId: string) => (await bench.owner.query('select * from job where id = $1', [jobId])).rows[0];
  return {
    ...bench,
    folder,
    engine,
    temporal: target,
    client,
    namespace: target.namespace,
    dataConverter,
    restic,
    hostId,
    agent,
    gatewayServer: {
      stop: () => gateway.stop(),
      async start() {
        gateway = await openGateway(gateway.port);
      },
    },
    async addGateway() {
      const { port, stop } = await openGateway(0);
      let stopped: Promise<void> | null = null;
      const replica = {
        ...atPort(port),
        stop() {
          stopped ??= stop();
          return stopped;
        },
      };
      replicas.push(replica);
      return replica;
    },
    addAgent,
    async addSealedRepository(password) {
      const id = await bench.addRepository();
      const path = join(folder, `repository-${id}`);
      await bench.owner.query('update repository set url = $2 where id = $1', [id, path]);
      const context = { table: 'repository', row: id, column: 'password', organisation: org };
      await bench.owner.query('update secret set sealed = $2 where row_id = $1', [
        id,
        seal(keyring, context, password),
      ]);
      return { id, path };
    },
    async addPathsPlan(repositoryId, paths) {
      const { id } = await bench.addPlan(hostId, repositoryId);
      await bench.owner.query('update plan set paths = $2 where id = $1', [id, JSON.stringify(paths)]);
      return id;
    },
    accept,
    async start(kind, params, host = null) {
      const answer = await accept(bench.request(kind, params, host));
      if (answer.verdict === 'refused') throw answer.failure;
      return answer.jobId;
    },
    async cancel(jobId) {
      const scope = { orgId: org, actor: bench.actor, requestId: 'test' };
      const answer = await bench.api.inOrganization(scope, (tx) => requestCancel(tx, jobId, 'test'));
      if (answer instanceof Failure) throw answer;
      if (answer.tell) await engine.tellCancel(answer.tell.jobId, answer.tell.runNo);
      await engine.startRuns(answer.starts);
    },
    job,
    async untilState(jobId, ...states) {
      let row: Record<string, unknown> = {};
      const there = async () => {
        row = await job(jobId);
        return states.includes(String(row.state));
      };
      await vi.waitUntil(there, { timeout: 50_000, interval: 20 });
      return row;
    },
    async log(jobId) {
      const chunks = await bench.owner.query(
        'select body from log_chunk where job_id = $1 order by run_no, attempt, first_seq',
        [jobId],
      );
      return chunks.rows.flatMap((chunk) =>
        (JSON.parse(chunk.body) as [number, string, string][]).map((line) => line[2]),
      );
    },
    async close() {
      await Promise.all(agents.map((one) => one.kill('SIGTERM')));
      await Promise.all([gateway, ...replicas].map((one) => one.stop()));
      await worker.stop(2_000);
      await Promise.all([engine.close(), client.connection.close()]);
      await bench.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
