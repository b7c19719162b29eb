import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import proto from '@temporalio/proto'; // CommonJS: a named import fails under ESM
import type { GatewayAddress } from '../../src/agent/session/gateway-client.ts';

const SERVICE = '/temporal.api.workflowservice.v1.WorkflowService';
const messages = proto.temporal.api.workflowservice.v1;
const POLL_MS = 70_000;
const CALL_MS = 15_000;

export interface Task {
  readonly token: Uint8Array;
  readonly ticket: Uint8Array;
  readonly activity: string;
  /** The one argument, as the gateway opened it. */
  readonly input: unknown;
}

/** The few of Temporal's calls that an agent cannot do without, on one connection; the SDK's worker takes megabytes a host. */
export class TemporalCalls {
  readonly #client: Client;
  readonly #metadata = new Metadata();

  constructor({ address, authorityPem, credential }: GatewayAddress) {
    const channel =
      authorityPem === null
        ? credentials.createInsecure()
        : credentials.createSsl(Buffer.from(authorityPem), null, null, { checkServerIdentity: () => undefined });
    this.#client = new Client(address, channel, {
      // The certificate is pinned by its authority; an address may not be a TLS server name.
      'grpc.ssl_target_name_override': 'gateway.invalid',
      'grpc.initial_reconnect_backoff_ms': 300,
      'grpc.max_reconnect_backoff_ms': 5_000,
    });
    this.#metadata.set('authorization', `Bearer ${credential}`);
  }

  /** Null when there was nothing to do for as long as a poll lasts. */
  async poll(namespace: string, queue: string, identity: string): Promise<Task | null> {
    const request = messages.PollActivityTaskQueueRequest.encode({ namespace, taskQueue: { name: queue }, identity });
    const answer = messages.PollActivityTaskQueueResponse.decode(
      await this.#call('PollActivityTaskQueue', request.finish(), POLL_MS),
    );
    if (answer.taskToken.length === 0) return null;
    const [payload] = answer.input?.payloads ?? [];
    return {
      token: answer.taskToken,
      ticket: answer.header?.fields?.['holdfast-ticket']?.data ?? new Uint8Array(),
      activity: answer.activityType?.name ?? '',
      input: JSON.parse(Buffer.from(payload?.data ?? []).toString('utf8') || 'null'),
    };
  }

  /** Answers whether the attempt is to stop. */
  async heartbeat(namespace: string, identity: string, taskToken: Uint8Array): Promise<boolean> {
    const request = messages.RecordActivityTaskHeartbeatRequest.encode({ namespace, identity, taskToken });
    const answer = await this.#call('RecordActivityTaskHeartbeat', request.finish(), CALL_MS);
    return messages.RecordActivityTaskHeartbeatResponse.decode(answer).cancelRequested;
  }

  async complete(namespace: string, identity: string, taskToken: Uint8Array, value: unknown): Promise<void> {
    const payload = { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from(JSON.stringify(value)) };
    const answer = { namespace, identity, taskToken, result: { payloads: [payload] } };
    const request = messages.RespondActivityTaskCompletedRequest.encode(answer).finish();
    await this.#call('RespondActivityTaskCompleted', request, CALL_MS);
  }

  async cancelled(namespace: string, identity: string, taskToken: Uint8Array): Promise<void> {
    const request = messages.RespondActivityTaskCanceledRequest.encode({ namespace, identity, taskToken });
    await this.#call('RespondActivityTaskCanceled', request.finish(), CALL_MS);
  }

  close(): void {
    this.#client.close();
  }

  #call(method: string, request: Uint8Array, withinMs: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const done = (error: ServiceError | null, answer?: Buffer) => (error ? reject(error) : resolve(answer!));
      this.#client.makeUnaryRequest(
        `${SERVICE}/${method}`,
        (bytes: Uint8Array) => Buffer.from(bytes),
        (bytes: Buffer) => bytes,
        request,
        this.#metadata,
        { deadline: Date.now() + withinMs },
        done,
      );
    });
  }
}
