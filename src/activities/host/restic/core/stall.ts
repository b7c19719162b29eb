import type { Progress } from '../../../../domain/jobs/agent-protocol.ts';
import { HOPELESS } from './outcome.ts';

export interface StallLimits {
  /** How long nothing may move. */
  readonly stallMs: number;
  /** The same when the storage says no in a way that the next try does not change. */
  readonly hopelessMs: number;
}

/** Longer than the last pack takes on a slow line (128 MiB at 40 KiB/s): the figures stand still until it is stored. */
export const STALL_LIMITS: StallLimits = { stallMs: 60 * 60_000, hopelessMs: 2 * 60_000 };

/** Aborts when nothing moved for so long: no byte, no file, no other name. Status lines that say the same are no life. */
export class StallGuard {
  readonly #limits: StallLimits;
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout;
  #last = '';
  #isHopeless = false;
  /** What restic said last when it tried something again. */
  words = '';

  constructor(limits: StallLimits) {
    this.#limits = limits;
    this.#timer = this.#arm(limits.stallMs);
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Returns whether it says something new. */
  moved({ bytesDone, bytesTotal, filesDone, filesTotal, current }: Progress): boolean {
    const now = [bytesDone, bytesTotal, filesDone, filesTotal, current].join(' ');
    if (now === this.#last) return false;
    this.#last = now;
    this.#isHopeless = false;
    clearTimeout(this.#timer);
    this.#timer = this.#arm(this.#limits.stallMs);
    return true;
  }

  /** restic tries something again. From the first hopeless answer on it has less time; its repetitions win none. */
  repeats(words: string): void {
    this.words = words;
    if (this.#isHopeless || !HOPELESS.test(words)) return;
    this.#isHopeless = true;
    clearTimeout(this.#timer);
    this.#timer = this.#arm(this.#limits.hopelessMs);
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  #arm(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.#stop.abort(new Error('nothing moved')), ms);
  }
}
