import { LRUCache } from 'lru-cache';
import type { Clock } from '../../lib/clock.ts';

/** Keys are named by strangers too. Of one that is forgotten the bucket is full again. */
const MAX_CACHED = 50_000;

/** Refills steadily up to `burst`; one bucket a key. */
export class Buckets {
  readonly #clock: Clock;
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #levels = new LRUCache<string, { level: number; atMs: number }>({ max: MAX_CACHED });

  constructor(clock: Clock, limit: { perSecond: number; burst: number }) {
    this.#clock = clock;
    this.#perSecond = limit.perSecond;
    this.#burst = limit.burst;
  }

  /** Whether there is one left, without taking it. */
  has(key: string): boolean {
    return this.#levelOf(key) >= 1;
  }

  /** Takes one; false when there is none. */
  take(key: string): boolean {
    const level = this.#levelOf(key);
    if (level < 1) return false;
    this.#levels.set(key, { level: level - 1, atMs: this.#nowMs() });
    return true;
  }

  /** Takes so many, also when there are not so many: what is missing has to come in before there is one again. */
  charge(key: string, many: number): void {
    this.#levels.set(key, { level: this.#levelOf(key) - many, atMs: this.#nowMs() });
  }

  /** How long until there is one. */
  waitMs(key: string): number {
    return Math.max(0, Math.ceil(((1 - this.#levelOf(key)) / this.#perSecond) * 1000));
  }

  #levelOf(key: string): number {
    const last = this.#levels.get(key);
    if (!last) return this.#burst;
    return Math.min(this.#burst, last.level + ((this.#nowMs() - last.atMs) / 1000) * this.#perSecond);
  }

  #nowMs(): number {
    return this.#clock.now().getTime();
  }
}

/** Counts what is under way for each key. */
export class Concurrency {
  readonly #most: number;
  readonly #counts = new Map<string, number>();

  constructor(most: number) {
    this.#most = most;
  }

  /** A function that gives the place back, or null when all are taken. */
  enter(key: string): (() => void) | null {
    const count = this.#counts.get(key) ?? 0;
    if (count >= this.#most) return null;
    this.#counts.set(key, count + 1);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const now = (this.#counts.get(key) ?? 1) - 1;
      if (now > 0) this.#counts.set(key, now);
      else this.#counts.delete(key);
    };
  }
}
