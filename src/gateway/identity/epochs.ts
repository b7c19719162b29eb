import { LRUCache } from 'lru-cache';
import type { GatewayStore, HostIdentity } from '../../domain/hosts/gateway-store.ts';
import type { Clock } from '../../lib/clock.ts';
import type { FairSemaphore } from '../agent-api/fair-semaphore.ts';

/**
 * Of two agents with one credential the older stops at its next beat; where the younger said hello to another
 * replica, this long after it at the latest.
 */
const CACHE_MS = 20_000;
/** Temporal names the queue after the process, so that a bound one stays good as long as the process lives. */
const BOUND_MS = 300_000;
const MAX_CACHED = 50_000;

/** What the gateway remembers of the hosts' epochs and command queues, so that beats and polls cost no query each. */
export class Epochs {
  readonly #store: Pick<GatewayStore, 'epoch' | 'bindCommandQueue'>;
  readonly #clock: Clock;
  readonly #epochs = new LRUCache<string, { epoch: number; untilMs: number }>({ max: MAX_CACHED });
  readonly #bound = new LRUCache<string, { hostId: string; untilMs: number }>({ max: MAX_CACHED });

  constructor(store: Pick<GatewayStore, 'epoch' | 'bindCommandQueue'>, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** After a hello. */
  learned(host: HostIdentity, epoch: number): void {
    this.#epochs.set(host.hostId, { epoch, untilMs: this.#nowMs() + CACHE_MS });
  }

  /** Asks, by the host's semaphore, where it is not known. */
  async isCurrent(host: HostIdentity, epoch: number, semaphore: FairSemaphore): Promise<boolean> {
    const cached = this.#epochs.get(host.hostId);
    if (cached && cached.untilMs > this.#nowMs() && epoch <= cached.epoch) return epoch === cached.epoch;
    const found = await semaphore.run(host.hostId, () => this.#store.epoch(host));
    this.learned(host, found.epoch);
    return epoch === found.epoch;
  }

  /** Whether the host may poll this command queue. The first one of an epoch is bound to it. */
  async ownsCommandQueue(host: HostIdentity, queue: string): Promise<boolean> {
    const nowMs = this.#nowMs();
    const cached = this.#bound.get(queue);
    if (cached && cached.untilMs > nowMs) return cached.hostId === host.hostId;
    const { epoch, commandQueue } = await this.#store.epoch(host);
    const owns =
      commandQueue === queue || (commandQueue === null && (await this.#store.bindCommandQueue(host, epoch, queue)));
    if (owns) this.#bound.set(queue, { hostId: host.hostId, untilMs: nowMs + BOUND_MS });
    return owns;
  }

  #nowMs(): number {
    return this.#clock.now().getTime();
  }
}
