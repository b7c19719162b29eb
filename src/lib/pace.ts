/** Lets a few through at once, and no more than `places` in each `restMs` over time. */
export class Pace {
  readonly #restMs: number;
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(places: number, restMs: number) {
    this.#free = places;
    this.#restMs = restMs;
  }

  /** Settles when it is one's turn. */
  async turn(): Promise<void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    setTimeout(() => this.#giveBack(), this.#restMs).unref();
  }

  #giveBack(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#free++;
  }
}
