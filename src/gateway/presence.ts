import { asError } from '../lib/failure.ts';
import type { Log } from '../lib/log.ts';
import type { GatewayStore, PresenceBeat } from './store.ts';

/** Beats wait at most this long for company: one statement for all hosts instead of one each. Of a lease of 25 s it is nothing. */
const FLUSH_MS = 1_000;

/** Collects beats and writes the newest of each host once a second. Without beats it does nothing at all. */
export class Presence {
  readonly #store: Pick<GatewayStore, 'beats'>;
  readonly #log: Log;
  #waiting = new Map<string, PresenceBeat>();
  #timer: NodeJS.Timeout | null = null;
  #flushing: Promise<void> = Promise.resolve();

  constructor(store: Pick<GatewayStore, 'beats'>, log: Log) {
    this.#store = store;
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
    try {
      await this.#store.beats([...beats.values()]);
    } catch (thrown) {
      this.#log.warn({ err: asError(thrown), hosts: beats.size }, 'beats could not be written');
      if (!again) return;
      this.#waiting = new Map([...beats, ...this.#waiting]);
      this.#arm();
    }
  }
}
