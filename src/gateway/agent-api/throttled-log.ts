import { LRUCache } from 'lru-cache';
import type { Clock } from '../../lib/clock.ts';
import { asError } from '../../lib/failure.ts';
import type { Log } from '../../lib/log.ts';

const EVERY_MS = 10_000;
const MAX_CACHED = 10_000;

/** Errors that a host can bring about as often as it likes: one line each ten seconds for a host and a call, with how many it stands for. */
export class ThrottledLog {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #told = new LRUCache<string, { untilMs: number; silent: number }>({ max: MAX_CACHED });

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  error(thrown: unknown, facts: { readonly method: string; readonly hostId: string | undefined }, words: string): void {
    const key = `${facts.method} ${facts.hostId}`;
    const nowMs = this.#clock.now().getTime();
    const told = this.#told.get(key);
    if (told && told.untilMs > nowMs) {
      told.silent++;
      return;
    }
    this.#told.set(key, { untilMs: nowMs + EVERY_MS, silent: 0 });
    this.#log.error({ err: asError(thrown), ...facts, silent: told?.silent ?? 0 }, words);
  }
}
