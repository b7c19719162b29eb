/** Lets a few through at once, and no more than `places` in each `restMs` over time. */
export class RateLimiter {
  readonly #restMs: number;
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(places: number, restMs: number) {
    this.#free = places;
    this.#restMs = restMs;
  }

  /** Settles when one is let through. */
  async wait(): Promise<void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    setTimeout(() => this.#release(), this.#restMs).unref();
  }

  #release(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free++;
  }
}
