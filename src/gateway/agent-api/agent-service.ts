import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import {
  type handleUnaryCall,
  type ServerUnaryCall,
  type ServiceDefinition,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import type { Static } from 'typebox';
import { mainQueue, quickQueue } from '../../catalog/queues.ts';
import type { AttemptTicket, GatewayStore, HostIdentity } from '../../domain/hosts/gateway-store.ts';
import * as protocol from '../../domain/jobs/agent-protocol.ts';
import type { Clock } from '../../lib/clock.ts';
import { isDataError } from '../../lib/data-error.ts';
import { publicId } from '../../lib/ids.ts';
import type { Log } from '../../lib/log.ts';
import { type Keyring, open } from '../../lib/seal.ts';
import type { RefusalAudit } from '../identity/audit.ts';
import type { Epochs } from '../identity/epochs.ts';
import type { Hosts } from '../identity/hosts.ts';
import type { Presence } from '../presence/presence.ts';
import type { HostBudget } from '../proxy/host-budget.ts';
import { malformed, Refusal, tooMuch } from '../proxy/refusal.ts';
import { rawMethod } from '../proxy/temporal-proxy.ts';
import { readTicket } from '../proxy/ticket.ts';
import { tokenHash, unwrapToken } from '../proxy/tokens.ts';
import type { UndeliveredTasks } from '../proxy/undelivered-tasks.ts';
import type { Upstream } from '../proxy/upstream.ts';
import { FairSemaphore } from './fair-semaphore.ts';
import { Buckets } from './limits.ts';
import { type AgentMessages, readMessage } from './messages.ts';
import { addressOf } from './network.ts';
import { ATTEMPT, QUERIES, REPORTS } from './semaphore-limits.ts';
import { ThrottledLog } from './throttled-log.ts';

/** A host that does 37 no-op jobs a second, the most one engine was seen to give, makes about 110 calls a second here. */
const CALLS = { perSecond: 200, burst: 600 };
const attemptKey = ({ jobId, runNo, attempt }: AttemptTicket): string => `${jobId} ${runNo} ${attempt}`;

type Call = ServerUnaryCall<Buffer, Buffer>;

interface AgentServiceParts {
  readonly namespace: string;
  readonly keyring: Keyring;
  readonly store: GatewayStore;
  readonly hosts: Hosts;
  readonly epochs: Epochs;
  readonly presence: Presence;
  readonly upstream: Upstream;
  readonly undelivered: UndeliveredTasks;
  readonly budget: HostBudget;
  readonly audit: RefusalAudit;
  readonly clock: Clock;
  readonly log: Log;
}

/** What agents ask of us rather than of Temporal: who am I, I am here, may I begin, this happened. */
export class AgentService {
  readonly #parts: AgentServiceParts;
  readonly #calls: Buckets;
  readonly #reports = new FairSemaphore(REPORTS);
  readonly #queries = new FairSemaphore(QUERIES);
  readonly #attempts = new FairSemaphore(ATTEMPT);
  readonly #errors: ThrottledLog;

  constructor(parts: AgentServiceParts) {
    this.#parts = parts;
    this.#calls = new Buckets(parts.clock, CALLS);
    this.#errors = new ThrottledLog(parts.log, parts.clock);
  }

  service(): { definition: ServiceDefinition; implementation: UntypedServiceImplementation } {
    const definition: Record<string, unknown> = {};
    const implementation: UntypedServiceImplementation = {};
    for (const method of protocol.AGENT_METHODS) {
      definition[method] = rawMethod(`/${protocol.AGENT_SERVICE}/${method}`);
      const handler: handleUnaryCall<Buffer, Buffer> = (call, answer) => {
        this.#serve(method, call).then(
          (value) => answer(null, Buffer.from(JSON.stringify(value))),
          (error: Partial<ServiceError>) => answer(error),
        );
      };
      implementation[method] = handler;
    }
    return { definition: definition as ServiceDefinition, implementation };
  }

  /** Rejects with what the agent is told. */
  async #serve(method: protocol.AgentMethod, call: Call): Promise<unknown> {
    let host: HostIdentity | null = null;
    try {
      host = await this.#parts.hosts.identify(call.metadata, call.getPeer());
      if (!host && method === 'Beat') return { verdict: 'revoked', engineAway: false } satisfies protocol.BeatAnswer;
      if (!host) throw new Refusal(status.UNAUTHENTICATED, 'unknown or revoked credential', false);
      if (!this.#calls.take(host.hostId)) throw tooMuch('too many calls');
      const message = this.#parts.budget.reading(host.hostId, () => readMessage(method, call.request));
      switch (method) {
        case 'Hello':
          return await this.#hello(host, message as AgentMessages['Hello'], addressOf(call.getPeer()));
        case 'Beat':
          return await this.#beat(host, message as AgentMessages['Beat']);
        case 'Claim':
          return await this.#claim(host, message as AgentMessages['Claim']);
        case 'Report':
          return await this.#report(host, message as AgentMessages['Report']);
      }
    } catch (thrown) {
      throw this.#answerTo(thrown, method, host);
    }
  }

  async #hello(
    host: HostIdentity,
    hello: Static<typeof protocol.Hello>,
    address: string,
  ): Promise<protocol.HelloAnswer> {
    const epoch = await this.#queries.run(host.hostId, async () => {
      const { epoch } = await this.#parts.store.hello(host, hello, address);
      this.#parts.epochs.learned(host, epoch);
      await this.#parts.undelivered.endAll(host);
      return epoch;
    });
    return {
      hostId: publicId('host', host.hostId),
      hostName: host.hostName,
      epoch,
      namespace: this.#parts.namespace,
      mainQueue: mainQueue(host.hostId),
      quickQueue: quickQueue(host.hostId),
    };
  }

  async #beat(host: HostIdentity, beat: Static<typeof protocol.Beat>): Promise<protocol.BeatAnswer> {
    const isCurrent = await this.#parts.epochs.isCurrent(host, beat.epoch, this.#queries);
    if (!isCurrent) return { verdict: 'superseded', engineAway: false };
    const runningJobs = beat.running.map(({ jobId }) => jobId);
    this.#parts.presence.beat({ ...host, epoch: beat.epoch, runningJobs, arrivedAt: this.#parts.clock.now() });
    return { verdict: 'ok', engineAway: this.#parts.upstream.away };
  }

  async #claim(host: HostIdentity, claim: Static<typeof protocol.Claim>): Promise<protocol.ClaimAnswer> {
    const { ticket, hash } = this.#attempt(host, claim);
    const claimed = await this.#attempts.run(attemptKey(ticket), () =>
      this.#queries.run(host.hostId, () => this.#parts.store.claim(host, ticket, hash)),
    );
    if (claimed.verdict === 'refused') throw new Refusal(status.FAILED_PRECONDITION, claimed.reason, true);
    const secrets = claimed.secrets.map(({ name, table, row, column, sealed }) => {
      const place = { table, row, column, organisation: host.orgId };
      return [name, open(this.#parts.keyring, place, sealed).toString('utf8')] as const;
    });
    return { work: claimed.work, secrets: Object.fromEntries(secrets) };
  }

  async #report(host: HostIdentity, report: AgentMessages['Report']): Promise<protocol.ReportAnswer> {
    const { ticket, hash } = this.#attempt(host, report);
    return this.#attempts.run(attemptKey(ticket), () => this.#take(host, ticket, hash, report));
  }

  async #take(
    host: HostIdentity,
    ticket: AttemptTicket,
    hash: Buffer,
    report: AgentMessages['Report'],
  ): Promise<protocol.ReportAnswer> {
    const { firstSeq, lines, progress, result, last = false } = report;
    const take = (some: { lines: typeof lines; last: boolean }) =>
      this.#parts.store.report(host, ticket, hash, { firstSeq, progress, result, ...some });
    if (lines.length === 0 && !last) return await this.#queries.run(host.hostId, () => take({ lines, last }));
    try {
      return await this.#reports.run(host.hostId, () => take({ lines, last }));
    } catch (thrown) {
      // The log can be stuck by itself (a locked table, a missing day); how the attempt ended gets through all the same.
      if (result !== null) await this.#queries.run(host.hostId, () => take({ lines: [], last: false }));
      throw thrown;
    }
  }

  /** The attempt that a message is about, by the token and the ticket that were handed out together. */
  #attempt(host: HostIdentity, message: { token: string; ticket: string }): { ticket: AttemptTicket; hash: Buffer } {
    const { keyring } = this.#parts;
    const token = unwrapToken(keyring, 'activity', host.hostId, Buffer.from(message.token, 'base64'));
    const ticket = readTicket(keyring, host.hostId, Buffer.from(message.ticket, 'base64'), token);
    return { ticket, hash: tokenHash(token) };
  }

  #answerTo(thrown: unknown, method: string, host: HostIdentity | null): Partial<ServiceError> {
    if (thrown instanceof Refusal) {
      if (host && thrown.audited) this.#parts.audit.refused(host, method, thrown.details);
      return { code: thrown.code, details: thrown.details };
    }
    // The same values would fail for ever. None of ours send such: what can be sent is checked before.
    if (isDataError(thrown)) return this.#answerTo(malformed('cannot be stored'), method, host);
    // Most often the database is away: the agent tries again.
    this.#errors.error(thrown, { method, hostId: host?.hostId }, 'agent call failed');
    return { code: status.UNAVAILABLE, details: 'not available at the moment' };
  }
}
