import {
  type ChannelCredentials,
  Client,
  type ClientUnaryCall,
  credentials,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import proto from '@temporalio/proto'; // CommonJS: a named import fails under ESM
import { NO_PROXY } from '../../lib/grpc-no-proxy.ts';
import { AnyMessage, NamespaceNotFoundFailure, RpcStatus } from './temporal-fields.ts';
import { bytesAt, fieldsOf, textAt } from './wire.ts';

const SERVICE = 'temporal.api.workflowservice.v1.WorkflowService';
/** All that goes on. The agent's authorization ends here; Temporal's address is reachable for us only. */
const HEADERS = ['client-name', 'client-version', 'temporal-namespace'];
const AWAY_CODES: readonly status[] = [status.UNAVAILABLE, status.DEADLINE_EXCEEDED];
const same = (bytes: Buffer): Buffer => bytes;

/** The names of the 123 methods that Temporal serves: each is answered by the gateway, most of them with a refusal. */
export function temporalMethods(): string[] {
  const service = proto.temporal.api.workflowservice.v1.WorkflowService as unknown as { methods: object };
  return Object.keys(service.methods);
}

export const temporalPath = (method: string): string => `/${SERVICE}/${method}`;

/** Where Temporal is, and how to prove ourselves to it. */
export interface UpstreamTarget {
  readonly address: string;
  readonly apiKey: string | null;
  /** Null for an unencrypted connection, which is for loopback and private networks. PEM texts. */
  readonly tls: {
    readonly serverCa: string | null;
    readonly certificate: string | null;
    readonly key: string | null;
    readonly serverName: string | null;
  } | null;
}

/** Temporal behind the gateway: bytes in, bytes out. */
export class Upstream {
  readonly #client: Client;
  readonly #apiKey: string | null;
  #away = false;

  constructor(target: UpstreamTarget) {
    this.#apiKey = target.apiKey;
    const { serverName } = target.tls ?? {};
    // A task is at most what Temporal takes in (2 MiB a payload); its own limit on messages is 4 MiB.
    this.#client = new Client(target.address, credentialsFor(target), {
      ...NO_PROXY,
      ...(serverName && { 'grpc.ssl_target_name_override': serverName, 'grpc.default_authority': serverName }),
      // A network that swallows packets is noticed in 30 s; TCP alone would take a quarter of an hour.
      'grpc.keepalive_time_ms': 20_000,
      'grpc.keepalive_timeout_ms': 10_000,
      'grpc.max_receive_message_length': 8 * 1024 * 1024,
      // Without it grpc-js shares connections between clients of a process; a stopped gateway must free its own.
      'grpc.use_local_subchannel_pool': 1,
      'grpc.initial_reconnect_backoff_ms': 200,
      'grpc.max_reconnect_backoff_ms': 3_000,
    });
  }

  /** The last call that Temporal should have answered at once was not. */
  get away(): boolean {
    return this.#away;
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
    if (this.#apiKey !== null) metadata.set('authorization', `Bearer ${this.#apiKey}`);
    return this.#client.makeUnaryRequest(
      temporalPath(method),
      same,
      same,
      message,
      metadata,
      { deadline: deadlineMs },
      (error, answer) => {
        // A poll that nobody answered may have been cut by its caller or by its deadline.
        if (!error || !AWAY_CODES.includes(error.code)) this.#away = false;
        else if (!method.startsWith('Poll')) this.#away = true;
        done(error, answer);
      },
    );
  }

  close(): void {
    this.#client.close();
  }
}

function credentialsFor({ tls }: UpstreamTarget): ChannelCredentials {
  if (tls === null) return credentials.createInsecure();
  const pem = (text: string | null) => (text === null ? null : Buffer.from(text));
  return credentials.createSsl(pem(tls.serverCa), pem(tls.key), pem(tls.certificate));
}

/**
 * The namespace that Temporal does not know, when that is what its NOT_FOUND means; else null. Ours by its name: Temporal's
 * database is empty and the namespace is not made yet. A uuid: ours is there, but not the one that a task token is from.
 */
export function missingNamespace(error: ServiceError): string | null {
  if (error.code !== status.NOT_FOUND) return null;
  for (const details of error.metadata?.get('grpc-status-details-bin') ?? []) {
    const found = namespaceIn(Buffer.from(details));
    if (found !== null) return found;
  }
  return /^Namespace (\S+) is not found/i.exec(error.details)?.[1] ?? null;
}

/** In google.rpc.Status: details, each an Any, of which one is a NamespaceNotFoundFailure with the name. */
function namespaceIn(status: Buffer): string | null {
  for (const field of fieldsOf(status)) {
    if (field.id === RpcStatus.details && textAt(field.body, AnyMessage.type).endsWith('NamespaceNotFoundFailure'))
      return textAt(bytesAt(field.body, AnyMessage.value), NamespaceNotFoundFailure.namespace);
  }
  return null;
}
