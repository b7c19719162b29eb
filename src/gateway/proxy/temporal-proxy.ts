import {
  type handleUnaryCall,
  type ServerUnaryCall,
  type ServiceDefinition,
  type ServiceError,
  type sendUnaryData,
  status,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { HostIdentity } from '../../domain/hosts/gateway-store.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import { Buckets, Concurrency } from '../agent-api/limits.ts';
import { ThrottledLog } from '../agent-api/throttled-log.ts';
import type { RefusalAudit } from '../identity/audit.ts';
import type { Hosts } from '../identity/hosts.ts';
import type { HostBudget } from './host-budget.ts';
import { forbidden, malformed, Refusal, tooMuch } from './refusal.ts';
import type { Rule } from './rule.ts';
import { missingNamespace, temporalMethods, temporalPath, type Upstream } from './upstream.ts';
import { WireError } from './wire.ts';

/** Outcomes and failures are bounded and heartbeats small; logs do not come this way. Temporal itself takes 2 MiB a payload. */
const MAX_REQUEST_BYTES = 256 * 1024;
/** At rest an agent makes one call in two seconds, with 37 no-op jobs a second about 110 (30 was too few for a benchmark); a loop makes thousands. */
const CALLS = { perSecond: 200, burst: 600 };
/** Two lanes and the commands are 3; twice that where an agent reconnects, and again for a second agent that is told to stop. */
const MAX_POLLS = 12;
/** The SDK asks for 70 s and 30 s. */
const POLL_DEADLINE_MS = 80_000;
const CALL_DEADLINE_MS = 35_000;
/** A draining or failed SDK worker polls its command queue 385-670 times a second until it exits (measured). */
const EMPTY_POLL_MS = 1_000;

type Call = ServerUnaryCall<Buffer, Buffer>;
type Answer = sendUnaryData<Buffer>;

interface TemporalProxyParts {
  readonly namespace: string;
  readonly rules: Readonly<Record<string, Rule>>;
  readonly hosts: Hosts;
  readonly audit: RefusalAudit;
  readonly budget: HostBudget;
  readonly upstream: Upstream;
  readonly clock: Clock;
  readonly log: Log;
}

/** Temporal's front as agents see it: who calls, whether he may, what goes on, what comes back. */
export class TemporalProxy {
  readonly #parts: TemporalProxyParts;
  readonly #calls: Buckets;
  readonly #errors: ThrottledLog;
  readonly #polls = new Concurrency(MAX_POLLS);

  constructor(parts: TemporalProxyParts) {
    this.#parts = parts;
    this.#calls = new Buckets(parts.clock, CALLS);
    this.#errors = new ThrottledLog(parts.log, parts.clock);
  }

  service(): { definition: ServiceDefinition; implementation: UntypedServiceImplementation } {
    const definition: Record<string, unknown> = {};
    const implementation: UntypedServiceImplementation = {};
    for (const method of temporalMethods()) {
      definition[method] = rawMethod(temporalPath(method));
      const handler: handleUnaryCall<Buffer, Buffer> = (call, answer) => void this.#serve(method, call, answer);
      implementation[method] = handler;
    }
    return { definition: definition as ServiceDefinition, implementation };
  }

  async #serve(method: string, call: Call, answer: Answer): Promise<void> {
    let host: HostIdentity | null = null;
    try {
      host = await this.#parts.hosts.identify(call.metadata, call.getPeer());
      const rule = this.#parts.rules[method];
      if (!host) throw new Refusal(rule?.strangers ?? status.UNAUTHENTICATED, 'unknown or revoked credential', false);
      if (!this.#calls.take(host.hostId)) throw tooMuch('too many calls');
      if (call.request.length > MAX_REQUEST_BYTES) throw tooMuch(`a message of ${call.request.length} bytes`);
      if (!rule) throw forbidden(`${method} is not for agents`);
      const { hostId } = host;
      const message = await this.#parts.budget.reading(hostId, () => rule.request(host as HostIdentity, call.request));
      if (!call.cancelled) this.#forward(method, rule, host, message, call, answer);
    } catch (thrown) {
      answer(this.#answerTo(thrown, method, host));
    }
  }

  #forward(method: string, rule: Rule, host: HostIdentity, message: Buffer, call: Call, answer: Answer): void {
    const leave = rule.poll ? this.#polls.enter(host.hostId) : () => {};
    if (!leave) throw tooMuch(`more than ${MAX_POLLS} polls at a time`);
    const beganMs = this.#parts.clock.now().getTime();
    const mostMs = beganMs + (rule.poll ? POLL_DEADLINE_MS : CALL_DEADLINE_MS);
    // Temporal refuses a poll without a deadline; an endless one would keep its place here for ever.
    const deadlineMs = Math.min(Number(call.getDeadline()), mostMs);
    const upstream = this.#parts.upstream.call(method, message, call.metadata, deadlineMs, (error, response) => {
      leave();
      if (error || !response) return answer(this.#fromUpstream(error, method, rule, host));
      this.#pass(rule, host, response, beganMs, call, answer).catch((thrown) =>
        answer(this.#answerTo(thrown, method, host)),
      );
    });
    // Else a task is matched to a poll that nobody reads any more, and is lost until its time-out.
    call.on('cancelled', () => upstream.cancel());
  }

  async #pass(rule: Rule, host: HostIdentity, response: Buffer, beganMs: number, call: Call, answer: Answer) {
    const passed = rule.response(host, response);
    const empty = rule.poll && rule.isEmpty(response);
    // The host may have been revoked in the minute that a poll takes.
    if (rule.poll && !empty && !(await this.#stillKnown(call)))
      throw new Refusal(rule.strangers, 'unknown or revoked credential', false);
    const earlyMs = empty ? EMPTY_POLL_MS - (this.#parts.clock.now().getTime() - beganMs) : 0;
    if (earlyMs > 0) setTimeout(() => answer(null, passed), earlyMs);
    else answer(null, passed);
  }

  /** A store that is away does not hold up a task: its claim has to go through the store anyway. */
  async #stillKnown(call: Call): Promise<boolean> {
    try {
      return (await this.#parts.hosts.identify(call.metadata, call.getPeer())) !== null;
    } catch {
      return true;
    }
  }

  #fromUpstream(error: ServiceError | null, method: string, rule: Rule, host: HostIdentity): Partial<ServiceError> {
    if (!error) return { code: status.INTERNAL, details: 'empty answer' };
    const missing = missingNamespace(error);
    // For an agent NOT_FOUND means "stop the activity now", so while the engine is set up it is told "later". The engine of
    // a token that names another namespace will not come back: its attempt has to stop, and its next run waits for that.
    if (missing === this.#parts.namespace) return { code: status.UNAVAILABLE, details: 'the engine is being set up' };
    if (missing !== null) return { code: status.NOT_FOUND, details: 'the engine that gave this task is gone' };
    if (rule.auditNotFound && error.code === status.NOT_FOUND)
      this.#parts.audit.refused(host, method, `late or repeated answer: ${error.details}`);
    // The metadata carries the typed details that SDKs go by.
    return { code: error.code, details: error.details, metadata: error.metadata };
  }

  #answerTo(thrown: unknown, method: string, host: HostIdentity | null): Partial<ServiceError> {
    const refusal = thrown instanceof WireError ? malformed(thrown.message) : thrown;
    if (refusal instanceof Refusal) {
      if (host && refusal.audited) this.#parts.audit.refused(host, method, refusal.details);
      return { code: refusal.code, details: refusal.details };
    }
    this.#errors.error(thrown, { method, hostId: host?.hostId }, 'gateway call failed');
    return { code: status.INTERNAL, details: 'gateway' };
  }
}

const same = (bytes: Buffer): Buffer => bytes;

/** A unary method whose messages are left as bytes. */
export function rawMethod(path: string) {
  return {
    path,
    requestStream: false,
    responseStream: false,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  };
}
