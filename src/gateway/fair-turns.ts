import { later } from './refusal.ts';

export interface TurnLimits {
  /** So many at a time. */
  readonly width: number;
  readonly waitingEach: number;
  readonly waitingAll: number;
}

/** Takes turns: so many pieces of work at a time, and of those who wait one after the other, each with one piece. */
export class FairTurns {
  readonly #limits: TurnLimits;
  #free: number;
  #waiting = 0;
  /** In the order of their turns. */
  readonly #queues = new Map<string, (() => void)[]>();

  constructor(limits: TurnLimits) {
    this.#limits = limits;
    this.#free = limits.width;
  }

  /** Runs the work when it is its turn. Throws a refusal when too much waits already: who asks comes again. */
  async run<Result>(who: string, work: () => Promise<Result>): Promise<Result> {
    if (this.#free > 0) this.#free--;
    else await this.#turn(who);
    try {
      return await work();
    } finally {
      // The place goes to the next one directly, so that nobody who comes just now overtakes.
      if (!this.#next()) this.#free++;
    }
  }

  #turn(who: string): Promise<void> {
    const queue = this.#queues.get(who) ?? [];
    const { waitingEach, waitingAll } = this.#limits;
    if (queue.length >= waitingEach || this.#waiting >= waitingAll) throw later('too much waits already');
    this.#queues.set(who, queue);
    this.#waiting++;
    return new Promise((resolve) => queue.push(resolve));
  }

  #next(): boolean {
    const [first] = this.#queues;
    if (!first) return false;
    const [who, queue] = first;
    const go = queue.shift();
    this.#queues.delete(who);
    if (queue.length > 0) this.#queues.set(who, queue);
    this.#waiting--;
    go?.();
    return true;
  }
}
