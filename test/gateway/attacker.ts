import { credentials, Client as GrpcClient, Metadata, type ServiceError } from '@grpc/grpc-js';
import { Connection } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';
import { mainQueue } from '../../src/catalog/queues.ts';
import type { HostIdentity } from '../../src/domain/hosts/gateway-store.ts';
import { AGENT_SERVICE, TICKET_HEADER } from '../../src/domain/jobs/agent-protocol.ts';
import { publicId } from '../../src/lib/ids.ts';
import { type Engine, NAMESPACE } from './engine.ts';

const same = (bytes: Buffer) => bytes;

interface GatewayAt {
  readonly gatewayAddress: string;
  readonly authorityPem: string;
  readonly namespace?: string;
}

/** What proves to the gateway whose attempt a message is about. */
export function capabilityOf(task: temporal.api.workflowservice.v1.IPollActivityTaskQueueResponse) {
  return {
    token: Buffer.from(task.taskToken!).toString('base64'),
    ticket: Buffer.from(task.header!.fields![TICKET_HEADER]!.data!).toString('base64'),
  };
}

/** Somebody who broke into a host: a real Temporal client with the host's own good credential, and bare gRPC beside it. */
export class Attacker {
  readonly host: HostIdentity;
  readonly queue: string;
  readonly identity: string;
  readonly connection: Connection;
  readonly namespace: string;
  readonly #raw: GrpcClient;
  readonly #metadata = new Metadata();

  private constructor(at: GatewayAt, host: HostIdentity, credential: string, connection: Connection) {
    this.host = host;
    this.namespace = at.namespace ?? NAMESPACE;
    this.connection = connection;
    this.queue = mainQueue(host.hostId);
    this.identity = publicId('host', host.hostId);
    this.#raw = new GrpcClient(
      at.gatewayAddress.replace('127.0.0.1', 'localhost'),
      credentials.createSsl(Buffer.from(at.authorityPem)),
    );
    this.#metadata.set('authorization', `Bearer ${credential}`);
  }

  static async on(engine: GatewayAt, host: HostIdentity & { credential: string }): Promise<Attacker> {
    const tls = { serverRootCACertificate: Buffer.from(engine.authorityPem) };
    const address = engine.gatewayAddress.replace('127.0.0.1', 'localhost');
    const connection = await Connection.connect({ address, apiKey: host.credential, tls });
    return new Attacker(engine, host, host.credential, connection);
  }

  get service() {
    return this.connection.workflowService;
  }

  /** What the host itself asks for its tasks with. */
  poll(change: object = {}, queue = this.queue) {
    const taskQueue = { name: queue };
    const request = { namespace: this.namespace, taskQueue, identity: this.identity, ...change };
    return this.connection.withDeadline(Date.now() + 20_000, () => this.service.pollActivityTaskQueue(request));
  }

  /** What the host itself answers with. */
  complete(taskToken: Uint8Array, result?: temporal.api.common.v1.IPayloads) {
    const { namespace, identity } = this;
    return this.service.respondActivityTaskCompleted({ namespace, identity, taskToken, ...(result && { result }) });
  }

  fail(taskToken: Uint8Array, failure?: temporal.api.failure.v1.IFailure) {
    const { namespace, identity } = this;
    return this.service.respondActivityTaskFailed({ namespace, identity, taskToken, ...(failure && { failure }) });
  }

  /** What agents ask of the gateway itself. */
  ask(method: string, message: unknown): Promise<unknown> {
    const bytes = Buffer.from(typeof message === 'string' ? message : JSON.stringify(message));
    return this.send(`/${AGENT_SERVICE}/${method}`, bytes).then((answer) => JSON.parse(answer.toString('utf8')));
  }

  /** Any bytes to any path. */
  send(path: string, bytes: Uint8Array, metadata = this.#metadata): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const deadline = Date.now() + 10_000;
      const done = (error: ServiceError | null, answer?: Buffer) => (error ? reject(error) : resolve(answer!));
      this.#raw.makeUnaryRequest(path, same, same, Buffer.from(bytes), metadata, { deadline }, done);
    });
  }

  /** Streams that begin a call and never send its message. */
  hang(count: number): () => void {
    const calls = Array.from({ length: count }, () => {
      const path = '/temporal.api.workflowservice.v1.WorkflowService/PollActivityTaskQueue';
      const call = this.#raw.makeClientStreamRequest(path, same, same, this.#metadata, () => {});
      return call.on('error', () => {});
    });
    return () => {
      for (const call of calls) call.cancel();
    };
  }

  async close(): Promise<void> {
    this.#raw.close();
    await this.connection.close();
  }
}

/** The gRPC code that a call ended with; 0 when it went through. */
export function codeOf(call: Promise<unknown>): Promise<number | string> {
  return call.then(
    () => 0,
    (error: { code?: number }) => error.code ?? String(error),
  );
}

/** A job on somebody's host, from its start to its end. */
export async function wholeJob(engine: Engine, of: Attacker): Promise<void> {
  const job = await engine.startJob('noop', of.queue);
  await of.complete((await of.poll()).taskToken);
  await job.result();
}
