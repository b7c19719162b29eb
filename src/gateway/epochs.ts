import type { Clock } from '../lib/clock.ts';
import type { GatewayStore, HostIdentity } from './store.ts';

/**
 * Of two agents with one credential the older stops at its next beat; where the younger said hello to another
 * replica, this long after it at the latest.
 */
const KEPT_MS = 20_000;
/** Temporal names the queue after the process, so that a bound one stays good as long as the process lives. */
const BOUND_MS = 300_000;
const MAX_KEPT = 50_000;

/** What the gateway remembers of the hosts' epochs and command queues, so that beats and polls cost no query each. */
export class Epochs {
  readonly #store: Pick<GatewayStore, 'epoch' | 'bindCommandQueue'>;
  readonly #clock: Clock;
  readonly #epochs = new Map<string, { epoch: number; untilMs: number }>();
  readonly #bound = new Map<string, { hostId: string; untilMs: number }>();

  constructor(store: Pick<GatewayStore, 'epoch' | 'bindCommandQueue'>, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** After a hello. */
  learned(host: HostIdentity, epoch: number): void {
    this.#keep(this.#epochs, host.hostId, { epoch, untilMs: this.#nowMs() + KEPT_MS });
  }

  async isCurrent(host: HostIdentity, epoch: number): Promise<boolean> {
    const kept = this.#epochs.get(host.hostId);
    if (kept && kept.untilMs > this.#nowMs() && epoch <= kept.epoch) return epoch === kept.epoch;
    const found = await this.#store.epoch(host);
    this.learned(host, found.epoch);
    return epoch === found.epoch;
  }

  /** Whether the host may poll this command queue. The first one of an epoch is bound to it. */
  async ownsCommandQueue(host: HostIdentity, queue: string): Promise<boolean> {
    const nowMs = this.#nowMs();
    const kept = this.#bound.get(queue);
    if (kept && kept.untilMs > nowMs) return kept.hostId === host.hostId;
    const { epoch, commandQueue } = await this.#store.epoch(host);
    const owns =
      commandQueue === queue || (commandQueue === null && (await this.#store.bindCommandQueue(host, epoch, queue)));
    if (owns) this.#keep(this.#bound, queue, { hostId: host.hostId, untilMs: nowMs + BOUND_MS });
    return owns;
  }

  #keep<Value extends { untilMs: number }>(map: Map<string, Value>, key: string, value: Value): void {
    if (map.size >= MAX_KEPT)
      for (const [old, { untilMs }] of map) if (untilMs <= this.#nowMs() || map.size >= 2 * MAX_KEPT) map.delete(old);
    map.set(key, value);
  }

  #nowMs(): number {
    return this.#clock.now().getTime();
  }
}
