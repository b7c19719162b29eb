import { Client, type ClientUnaryCall, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import proto from '@temporalio/proto'; // CommonJS: a named import fails under ESM

const SERVICE = 'temporal.api.workflowservice.v1.WorkflowService';
/** All that goes on. The agent's authorization ends here; Temporal's address is reachable for us only. */
const HEADERS = ['client-name', 'client-version', 'temporal-namespace'];
const same = (bytes: Buffer): Buffer => bytes;

/** The names of the 123 methods that Temporal serves: each is answered by the gateway, most of them with a refusal. */
export function temporalMethods(): string[] {
  const service = proto.temporal.api.workflowservice.v1.WorkflowService as unknown as { methods: object };
  return Object.keys(service.methods);
}

export const temporalPath = (method: string): string => `/${SERVICE}/${method}`;

/** Temporal behind the gateway: bytes in, bytes out. */
export class Upstream {
  readonly #client: Client;

  constructor(address: string) {
    // A task is at most what Temporal takes in (2 MiB a payload); its own limit on messages is 4 MiB.
    this.#client = new Client(address, credentials.createInsecure(), {
      'grpc.max_receive_message_length': 8 * 1024 * 1024,
      // Without it grpc-js shares connections between clients of a process; a stopped gateway must free its own.
      'grpc.use_local_subchannel_pool': 1,
      'grpc.initial_reconnect_backoff_ms': 200,
      'grpc.max_reconnect_backoff_ms': 3_000,
    });
  }

  call(
    method: string,
    message: Buffer,
    from: Metadata,
    deadlineMs: number,
    done: (error: ServiceError | null, answer?: Buffer) => void,
  ): ClientUnaryCall {
    const metadata = new Metadata();
    for (const name of HEADERS) for (const value of from.get(name)) metadata.add(name, value);
    return this.#client.makeUnaryRequest(
      temporalPath(method),
      same,
      same,
      message,
      metadata,
      { deadline: deadlineMs },
      done,
    );
  }

  close(): void {
    this.#client.close();
  }
}

/**
 * Temporal's database was made anew and our namespace is not there yet. For an agent NOT_FOUND means "stop the activity
 * now"; this only means "later".
 */
export function isNamespaceMissing(error: ServiceError): boolean {
  if (error.code !== status.NOT_FOUND) return false;
  const typed = error.metadata?.get('grpc-status-details-bin') ?? [];
  return (
    typed.some((value) => Buffer.from(value).includes('NamespaceNotFoundFailure')) ||
    /^Namespace .*not found/i.test(error.details)
  );
}
