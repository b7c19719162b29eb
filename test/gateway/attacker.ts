import { credentials, Client as GrpcClient, Metadata, type ServiceError } from '@grpc/grpc-js';
import { Connection } from '@temporalio/client';
import { mainQueue } from '../../src/catalog/queues.ts';
import type { HostIdentity } from '../../src/gateway/store.ts';
import { publicId } from '../../src/lib/ids.ts';
import { type Engine, NAMESPACE } from './engine.ts';

const same = (bytes: Buffer) => bytes;

/** Somebody who broke into a host: a real Temporal client with the host's own good credential, and bare gRPC beside it. */
export class Attacker {
  readonly host: HostIdentity;
  readonly queue: string;
  readonly identity: string;
  readonly connection: Connection;
  readonly #raw: GrpcClient;
  readonly #metadata = new Metadata();

  private constructor(engine: Engine, host: HostIdentity, credential: string, connection: Connection) {
    this.host = host;
    this.connection = connection;
    this.queue = mainQueue(host.hostId);
    this.identity = publicId('host', host.hostId);
    this.#raw = new GrpcClient(
      engine.gatewayAddress.replace('127.0.0.1', 'localhost'),
      credentials.createSsl(Buffer.from(engine.authorityPem)),
    );
    this.#metadata.set('authorization', `Bearer ${credential}`);
  }

  static async on(engine: Engine, host: HostIdentity & { credential: string }): Promise<Attacker> {
    const tls = { serverRootCACertificate: Buffer.from(engine.authorityPem) };
    const address = engine.gatewayAddress.replace('127.0.0.1', 'localhost');
    const connection = await Connection.connect({ address, apiKey: host.credential, tls });
    return new Attacker(engine, host, host.credential, connection);
  }

  get service() {
    return this.connection.workflowService;
  }

  /** What the host itself asks for its tasks with. */
  poll(change: object = {}) {
    const taskQueue = { name: this.queue };
    const request = { namespace: NAMESPACE, taskQueue, identity: this.identity, ...change };
    return this.connection.withDeadline(Date.now() + 20_000, () => this.service.pollActivityTaskQueue(request));
  }

  /** What the host itself answers with. */
  complete(taskToken: Uint8Array) {
    return this.service.respondActivityTaskCompleted({ namespace: NAMESPACE, identity: this.identity, taskToken });
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
