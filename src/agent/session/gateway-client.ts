import { isIP } from 'node:net';
import { checkServerIdentity as checkIdentity, type PeerCertificate } from 'node:tls';
import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import type { NativeConnectionOptions } from '@temporalio/worker';
import type { Static } from 'typebox';
import * as protocol from '../../domain/jobs/agent-protocol.ts';
import type { AttemptResult } from '../../domain/jobs/outcome.ts';
import { Failure } from '../../lib/failure.ts';
import { NO_PROXY } from '../../lib/grpc-no-proxy.ts';
import type { AttemptLink } from '../attempt/attempt-link.ts';

const CALL_DEADLINE_MS = 15_000;
/** A restart of the gateway takes a few seconds; an attempt that waits so long for its claim loses nothing. */
const CLAIM_TRIES = 6;
const CLAIM_PAUSE_MS = 500;

export interface GatewayAddress {
  readonly address: string;
  /** The pinned authority of the gateway, PEM; null speaks without TLS (loopback and tests). */
  readonly authorityPem: string | null;
  readonly credential: string;
}

/** The agent's own calls to the gateway, beside Temporal's. */
export class GatewayClient {
  readonly #client: Client;
  readonly #metadata = new Metadata();

  constructor({ address, authorityPem, credential }: GatewayAddress) {
    const { channel, nameOverride } = secured(address, authorityPem);
    this.#client = new Client(address, channel, {
      ...NO_PROXY,
      ...nameOverride,
      'grpc.initial_reconnect_backoff_ms': 300,
      'grpc.max_reconnect_backoff_ms': 5_000,
      // A network that swallows packets is noticed within 30 s, not at the next answer that never comes.
      'grpc.keepalive_time_ms': 20_000,
      'grpc.keepalive_timeout_ms': 10_000,
    });
    this.#metadata.set('authorization', `Bearer ${credential}`);
  }

  hello(hello: Static<typeof protocol.Hello>): Promise<protocol.HelloAnswer> {
    return this.#call('Hello', hello);
  }

  beat(beat: Static<typeof protocol.Beat>): Promise<protocol.BeatAnswer> {
    return this.#call('Beat', beat);
  }

  /** The link of the attempt that was handed out with this token and ticket (both base64). */
  attempt(token: string, ticket: string): AttemptLink {
    return {
      claim: () => this.#claim({ token, ticket }),
      report: (firstSeq, lines, progress, result: AttemptResult | null, last) => {
        const message: protocol.ReportMessage = { token, ticket, firstSeq, lines, progress, result, last };
        return this.#call('Report', message);
      },
    };
  }

  close(): void {
    this.#client.close();
  }

  /** Claims again while the gateway is away: the same attempt may claim as often as it likes. */
  async #claim(claim: Static<typeof protocol.Claim>): Promise<protocol.ClaimAnswer> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#call('Claim', claim);
      } catch (thrown) {
        if (!(thrown instanceof Failure && thrown.retryable) || attempt === CLAIM_TRIES) throw thrown;
        await new Promise((resolve) => setTimeout(resolve, CLAIM_PAUSE_MS * 2 ** (attempt - 1)));
      }
    }
  }

  #call<Answer>(method: protocol.AgentMethod, message: unknown): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        `/${protocol.AGENT_SERVICE}/${method}`,
        (value: unknown) => Buffer.from(JSON.stringify(value)),
        (bytes: Buffer) => JSON.parse(bytes.toString('utf8')) as Answer,
        message,
        this.#metadata,
        { deadline: Date.now() + CALL_DEADLINE_MS },
        (error, answer) => (error ? reject(failureOf(method, error)) : resolve(answer!)),
      );
    });
  }
}

function secured(address: string, authorityPem: string | null) {
  if (authorityPem === null) return { channel: credentials.createInsecure(), nameOverride: {} };
  const authority = Buffer.from(authorityPem);
  const host = address.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  if (!isIP(host)) return { channel: credentials.createSsl(authority), nameOverride: {} };
  // An IP address may not be a TLS server name (RFC 6066; Node warns and will ignore it): send another name, check the address.
  const checkServerIdentity = (_name: string, certificate: PeerCertificate) => checkIdentity(host, certificate);
  return {
    channel: credentials.createSsl(authority, null, null, { checkServerIdentity }),
    nameOverride: { 'grpc.ssl_target_name_override': 'gateway.invalid' },
  };
}

/** The same way for the SDK's native part, which speaks Temporal's calls. */
export function forNativePart({ address, authorityPem, credential }: GatewayAddress): NativeConnectionOptions {
  // It takes the brackets of an IPv6 address for a part of the name. Whose certificate it is, the pinned authority says,
  // and hello has looked at the address itself.
  const name = address.startsWith('[') ? { serverNameOverride: 'localhost' } : {};
  const tls = authorityPem === null ? false : { serverRootCACertificate: Buffer.from(authorityPem), ...name };
  return { address, apiKey: credential, tls };
}

/** What the gateway's answers mean to an agent. */
function failureOf(method: string, error: ServiceError): Failure {
  const make = (code: string, message: string, fault: 'host' | 'operator' | 'us', retryable: boolean) =>
    new Failure(code, message, { fault, retryable, cause: error });
  switch (error.code) {
    case status.UNAUTHENTICATED:
      return make('agent-revoked', 'The gateway does not know this credential, or it was revoked.', 'operator', false);
    case status.FAILED_PRECONDITION:
      return make(method === 'Claim' ? 'claim-refused' : 'agent-mismatch', error.details, 'operator', false);
    case status.PERMISSION_DENIED:
    case status.INVALID_ARGUMENT:
    case status.UNIMPLEMENTED:
      return make('gateway-refused', `The gateway refused ${method}: ${error.details}`, 'us', false);
    default:
      return make('gateway-away', `The gateway did not answer ${method}: ${error.details}`, 'host', true);
  }
}
