import { type ChildProcess, fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@temporalio/client';
import { inject, vi } from 'vitest';
import { type Accepted, acceptJobs, type JobRequest } from '../../src/db/writes/accept-jobs.ts';
import { gatewayStore } from '../../src/db/writes/gateway-store.ts';
import { requestCancel } from '../../src/db/writes/request-cancel.ts';
import { ensureCertificate } from '../../src/gateway/certificate.ts';
import { newCredential } from '../../src/gateway/credential.ts';
import { startGateway } from '../../src/gateway/server.ts';
import { Failure } from '../../src/lib/failure.ts';
import { createLogger } from '../../src/lib/log.ts';
import { EncryptingCodec } from '../../src/lib/payload-codec.ts';
import { newKeyring, seal } from '../../src/lib/seal.ts';
import { lazyConnection } from '../../src/temporal/connection.ts';
import { type Door, openDoor } from '../../src/temporal/doors.ts';
import { startWorker } from '../../src/worker/control.ts';
import type { AgentOrder } from './agent-process.ts';
import { type Bench, openBench } from './bench.ts';
import { findRestic } from './restic.ts';

const FAILURE_CONVERTER = fileURLToPath(new URL('../../src/temporal/failure-converter.cjs', import.meta.url));

/** A whole Holdfast but its API: database, Temporal, worker and gateway here, the agent in a process of its own. */
export interface Stack extends Bench {
  readonly folder: string;
  readonly door: Door;
  readonly client: Client;
  readonly dataConverter: { payloadCodecs: EncryptingCodec[]; failureConverterPath: string };
  readonly restic: string;
  readonly hostId: string;
  readonly agent: { child: ChildProcess; kill(signal: NodeJS.Signals): Promise<void>; start(): Promise<void> };
  /** A local repository with this password, not initialised. */
  addSealedRepository(password: string): Promise<{ id: string; path: string }>;
  addPathsPlan(repositoryId: string, paths: string[]): Promise<string>;
  accept(request: JobRequest): Promise<Accepted>;
  /** Accepts and passes the door; answers the job's uuid. */
  start(kind: string, params: Record<string, unknown>, hostId?: string | null): Promise<string>;
  cancel(jobId: string): Promise<void>;
  job(jobId: string): Promise<Record<string, unknown>>;
  untilState(jobId: string, ...states: string[]): Promise<Record<string, unknown>>;
  log(jobId: string): Promise<string[]>;
}

export async function openStack(): Promise<Stack> {
  const bench = await openBench();
  const { clock, random, org } = bench;
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-stack-'));
  const temporal = inject('temporal')!;
  const target = { ...temporal, apiKey: null, tls: null };
  const keyring = newKeyring(clock, random);
  const log = createLogger({ level: 'error', pretty: false, process: 'test' });
  const worker = await startWorker({ temporal: target, workerDoors: bench.worker, keyring, clock, random, log });
  const certificate = await ensureCertificate(join(folder, 'tls'), [], clock);
  const gateway = await startGateway({
    listen: { host: '127.0.0.1', port: 0 },
    tls: certificate,
    upstreamAddress: temporal.address,
    namespace: temporal.namespace,
    keyring,
    store: gatewayStore(bench.gateway, clock, random),
    clock,
    random,
    log,
  });
  const restic = findRestic()?.path;
  if (!restic) throw new Error('restic is missing: run the tests through npm test, which builds it');
  const hostId = await bench.addHost({ present: false });
  const credential = newCredential(org, hostId, random);
  await bench.owner.query(
    'insert into host_credential(org_id, id, host_id, token_hash, created_at) values ($1, gen_random_uuid(), $2, $3, now())',
    [org, hostId, createHash('sha256').update(credential).digest()],
  );
  const order: AgentOrder = {
    gateway: `127.0.0.1:${gateway.port}`,
    authorityPem: certificate.authorityPem,
    credential,
    dataDir: join(folder, 'agent'),
    resticPath: restic,
  };
  mkdirSync(order.dataDir);
  const agent = await agentOf(order, async () => {
    const present = async () =>
      (await bench.owner.query('select present from host where id = $1', [hostId])).rows[0].present;
    await vi.waitUntil(present, { timeout: 20_000, interval: 50 });
  });
  await agent.start();
  const door = openDoor({ target, clock, random, log });
  const dataConverter = {
    payloadCodecs: [new EncryptingCodec(keyring, random)],
    failureConverterPath: FAILURE_CONVERTER,
  };
  const client = new Client({ connection: lazyConnection(target), namespace: temporal.namespace, dataConverter });
  const accept = async (request: JobRequest): Promise<Accepted> => {
    const parts = { clock, random, claim: door.newClaim() };
    const [answer] = await bench.api.inOrg(org, (tx) => acceptJobs(tx, org, [request], parts));
    if (answer!.verdict === 'queued') await door.pass([answer!.start]);
    return answer!;
  };
  const job = async (jobId: string) => (await bench.owner.query('select * from job where id = $1', [jobId])).rows[0];
  return {
    ...bench,
    folder,
    door,
    client,
    dataConverter,
    restic,
    hostId,
    agent,
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
      const parts = { actor: bench.actor, reason: 'test', requestId: 'test', claim: door.newClaim(), clock, random };
      const answer = await bench.api.inOrg(org, (tx) => requestCancel(tx, org, jobId, parts));
      if (answer instanceof Failure) throw answer;
      if (answer.tell) await door.tellCancel(answer.tell.jobId, answer.tell.runNo);
      await door.pass(answer.starts);
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
      await agent.kill('SIGTERM');
      await gateway.stop();
      await worker.stop(2_000);
      await Promise.all([door.close(), client.connection.close()]);
      await bench.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function agentOf(order: AgentOrder, present: () => Promise<void>): Promise<Stack['agent']> {
  const script = fileURLToPath(new URL('./agent-process.ts', import.meta.url));
  const agent = {
    child: undefined as unknown as ChildProcess,
    async start() {
      agent.child = fork(script, [JSON.stringify(order)]);
      await once(agent.child, 'message');
      await present();
    },
    async kill(signal: NodeJS.Signals) {
      if (agent.child.exitCode !== null || agent.child.signalCode !== null) return;
      const exit = once(agent.child, 'exit');
      agent.child.kill(signal);
      await exit;
    },
  };
  return agent;
}
