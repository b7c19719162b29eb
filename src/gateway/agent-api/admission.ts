import {
  type ServerInterceptingCallInterface as Call,
  Metadata,
  ServerInterceptingCall,
  type ServerInterceptor,
  status,
} from '@grpc/grpc-js';
import { AGENT_SERVICE, type BeatAnswer } from '../../domain/jobs/agent-protocol.ts';
import { asError } from '../../lib/failure.ts';
import type { Log } from '../../lib/log.ts';
import type { Hosts } from '../identity/hosts.ts';
import type { HostBudget } from '../proxy/host-budget.ts';
import { Refusal } from '../proxy/refusal.ts';
import type { Rule } from '../proxy/rule.ts';
import type { Connections } from './connections.ts';
import { FairSemaphore, type SemaphoreLimits } from './fair-semaphore.ts';

/** What a message may be at most, before its type is looked at. */
export const MAX_RECEIVED_BYTES = 2 * 1024 * 1024;
/** So many messages are read at a time, which bounds what they hold to 64 MiB; those of good hosts are there at once. */
const BODIES: SemaphoreLimits = { width: 32, widthEach: 4, waitingEach: 200, waitingAll: 5_000 };
/** A message that is not there by then is not waited for. */
const BODY_MS = 10_000;
const MOST_HELD_MS = 5_000;

interface AdmissionParts {
  readonly hosts: Hosts;
  readonly connections: Connections;
  readonly budget: HostBudget;
  readonly rules: Readonly<Record<string, Rule>>;
  readonly log: Log;
}

/** Before a byte of a message is read: who calls, and whether it is his turn to be read. */
export function admission(parts: AdmissionParts): ServerInterceptor {
  const bodies = new FairSemaphore(BODIES);
  return ({ path }, call) => {
    const visit = new Visit(parts, bodies, path, call);
    return new ServerInterceptingCall(call, {
      start: (next) =>
        next({
          onReceiveMetadata: (metadata, pass) => void visit.enter(metadata, () => pass(metadata)),
          onReceiveMessage(message, pass) {
            visit.read(message as Buffer);
            pass(message);
          },
          onCancel: () => visit.over(),
        }),
      sendStatus(end, next) {
        visit.over();
        next(end);
      },
    });
  };
}

/** One call on its way in. */
class Visit {
  readonly #parts: AdmissionParts;
  readonly #bodies: FairSemaphore;
  readonly #path: string;
  readonly #call: Call;
  readonly #isRead = Promise.withResolvers<void>();
  #hostId: string | null = null;
  #isOver = false;

  constructor(parts: AdmissionParts, bodies: FairSemaphore, path: string, call: Call) {
    this.#parts = parts;
    this.#bodies = bodies;
    this.#path = path;
    this.#call = call;
  }

  /** The message is here, and counts no longer as one that is read. */
  read({ length }: Buffer): void {
    if (this.#hostId !== null) this.#parts.budget.received(this.#hostId, length);
    this.#isRead.resolve();
  }

  over(): void {
    this.#isOver = true;
    this.#isRead.resolve();
  }

  async enter(metadata: Metadata, pass: () => void): Promise<void> {
    const peer = this.#call.getPeer();
    try {
      const host = await this.#parts.hosts.identify(metadata, peer);
      if (!host) return this.#turnAway();
      this.#parts.connections.proved(peer, host.hostId);
      this.#hostId = host.hostId;
      while (!(await this.#inTurn(host.hostId, pass)));
    } catch (thrown) {
      if (!(thrown instanceof Refusal)) this.#parts.log.error({ err: asError(thrown) }, 'call admission failed');
      const { code, details } = thrown instanceof Refusal ? thrown : { code: status.INTERNAL, details: 'gateway' };
      this.#call.sendStatus({ code, details });
    }
  }

  /** False when the host has to wait first: others are read meanwhile. */
  async #inTurn(hostId: string, pass: () => void): Promise<boolean> {
    await held(this.#parts.budget.debtMs(hostId));
    return this.#bodies.run(hostId, async () => {
      if (this.#parts.budget.debtMs(hostId) > 0 && !this.#isOver) return false;
      await this.#beRead(pass);
      return true;
    });
  }

  async #beRead(pass: () => void): Promise<void> {
    // The handler asks for the message as soon as it is passed on.
    if (this.#isOver) return;
    const slow = setTimeout(() => {
      this.#call.sendStatus({ code: status.DEADLINE_EXCEEDED, details: 'the message did not come in time' });
      this.over();
    }, BODY_MS);
    pass();
    await this.#isRead.promise;
    clearTimeout(slow);
  }

  /** A caller without a good credential, in the words that make an agent of ours stop. */
  #turnAway(): void {
    if (this.#path === `/${AGENT_SERVICE}/Beat`) {
      const answer: BeatAnswer = { verdict: 'revoked', engineAway: false };
      this.#call.sendMetadata(new Metadata());
      this.#call.sendMessage(Buffer.from(JSON.stringify(answer)), () =>
        this.#call.sendStatus({ code: status.OK, details: '' }),
      );
      return;
    }
    const method = this.#path.slice(this.#path.lastIndexOf('/') + 1);
    const isOurs = this.#path.startsWith(`/${AGENT_SERVICE}/`);
    const code = isOurs ? undefined : this.#parts.rules[method]?.strangers;
    this.#call.sendStatus({ code: code ?? status.UNAUTHENTICATED, details: 'unknown or revoked credential' });
  }
}

async function held(ms: number): Promise<void> {
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, Math.min(ms, MOST_HELD_MS)));
}
