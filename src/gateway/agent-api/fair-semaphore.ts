import { later } from '../proxy/refusal.ts';

export interface SemaphoreLimits {
  /** So many at a time, and of each who asks. */
  readonly width: number;
  readonly widthEach?: number;
  readonly waitingEach: number;
  readonly waitingAll: number;
}

/** A semaphore with a queue for each who asks: those who wait get it one after the other, each for one piece of work. */
export class FairSemaphore {
  readonly #limits: SemaphoreLimits;
  #free: number;
  #waiting = 0;
  readonly #busy = new Map<string, number>();
  /** In the order in which they get it. */
  readonly #queues = new Map<string, (() => void)[]>();

  constructor(limits: SemaphoreLimits) {
    this.#limits = limits;
    this.#free = limits.width;
  }

  /** Runs the work when there is room. Throws a refusal when too much waits already: who asks comes again. */
  async run<Result>(who: string, work: () => Promise<Result>): Promise<Result> {
    if (this.#free > 0 && this.#mayHave(who)) this.#take(who);
    else await this.#acquire(who);
    try {
      return await work();
    } finally {
      this.#release(who);
    }
  }

  #mayHave(who: string): boolean {
    return (this.#busy.get(who) ?? 0) < (this.#limits.widthEach ?? this.#limits.width);
  }

  #take(who: string): void {
    this.#free--;
    this.#busy.set(who, (this.#busy.get(who) ?? 0) + 1);
  }

  #acquire(who: string): Promise<void> {
    const queue = this.#queues.get(who) ?? [];
    const { waitingEach, waitingAll } = this.#limits;
    if (queue.length >= waitingEach || this.#waiting >= waitingAll) throw later('too much waits already');
    this.#queues.set(who, queue);
    this.#waiting++;
    return new Promise((resolve) => queue.push(resolve));
  }

  #release(who: string): void {
    this.#free++;
    const busy = this.#busy.get(who)! - 1;
    if (busy > 0) this.#busy.set(who, busy);
    else this.#busy.delete(who);
    // The place goes to the next one directly, so that nobody who comes just now overtakes.
    for (const [next, queue] of this.#queues) {
      if (!this.#mayHave(next)) continue;
      const go = queue.shift()!;
      this.#queues.delete(next);
      if (queue.length > 0) this.#queues.set(next, queue);
      this.#waiting--;
      this.#take(next);
      go();
      return;
    }
  }
}
