import { later } from './refusal.ts';

/** Of the gateway's ten connections: the others stay free for claims, beats and results, however stuck the log is. */
const WRITERS = 5;
/** An attempt has one report in flight, so this many attempts may wait at once; each waits about 5 ms for its turn. */
const MOST_WAITING = 2_000;

/**
 * The narrow way to the log: so many reports with lines at a time, the others in the order they came. With one report in
 * flight for each attempt that is a turn for every attempt: a job that floods has no more of it than a quiet one.
 */
export class LogIntake {
  #free = WRITERS;
  readonly #waiting: (() => void)[] = [];

  /** Runs `take` when it is its turn. Throws a refusal when too many wait already: the agent keeps its lines and comes again. */
  async run<Result>(take: () => Promise<Result>): Promise<Result> {
    if (this.#free > 0) this.#free--;
    else {
      if (this.#waiting.length >= MOST_WAITING) throw later('too many log reports at once');
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    try {
      return await take();
    } finally {
      // The place goes to the next one directly, so that nobody who comes just now overtakes.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    }
  }
}
