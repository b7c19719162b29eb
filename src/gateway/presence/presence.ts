import type { GatewayStore, PresenceBeat } from '../../domain/hosts/gateway-store.ts';
import { asError } from '../../lib/failure.ts';
import type { Log } from '../../lib/log.ts';
import type { RefusalAudit } from '../identity/audit.ts';

/** Beats wait at most this long for company: one statement for all hosts instead of one each. Of a lease of 25 s it is nothing. */
const FLUSH_MS = 1_000;

/** Collects beats and writes the newest of each host once a second. Without beats it does nothing at all. */
export class Presence {
  readonly #store: Pick<GatewayStore, 'beats'>;
  readonly #audit: Pick<RefusalAudit, 'refused'>;
  readonly #log: Log;
  #dropped = 0;
  #waiting = new Map<string, PresenceBeat>();
  #timer: NodeJS.Timeout | null = null;
  #flushing: Promise<void> = Promise.resolve();

  constructor(store: Pick<GatewayStore, 'beats'>, audit: Pick<RefusalAudit, 'refused'>, log: Log) {
    this.#store = store;
    this.#audit = audit;
    this.#log = log;
  }

  beat(beat: PresenceBeat): void {
    this.#waiting.set(beat.hostId, beat);
    this.#arm();
  }

  /** Writes what is waiting. */
  async stop(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    await this.#flushing;
    await this.#flush(false);
  }

  #arm(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#flushing = this.#flushing.then(() => this.#flush(true));
    }, FLUSH_MS);
  }

  async #flush(again: boolean): Promise<void> {
    if (this.#waiting.size === 0) return;
    const beats = this.#waiting;
    this.#waiting = new Map();
    const { again: left, dropped, thrown } = await this.#store.beats([...beats.values()]);
    for (const beat of dropped) this.#drop(beat);
    if (left.length === 0) return;
    this.#log.warn({ err: asError(thrown), hosts: left.length }, 'host presence write failed');
    if (!again) return;
    // Newer ones that came meanwhile count instead.
    this.#waiting = new Map([...left.map((beat) => [beat.hostId, beat] as const), ...this.#waiting]);
    this.#arm();
  }

  #drop(beat: PresenceBeat): void {
    this.#dropped++;
    this.#log.error({ hostId: beat.hostId, dropped: this.#dropped }, 'beat dropped: values cannot be stored');
    this.#audit.refused(beat, 'Beat', 'a beat that cannot be stored');
  }
}
