import type { Progress } from '../../../domain/agent-protocol.ts';

/** Aborts when nothing moved for so long: no byte, no file, no other name. Status lines that say the same are no life. */
export class StallGuard {
  readonly #limitMs: number;
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout;
  #last = '';

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
    this.#timer = this.#arm();
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Answers whether it says something new. */
  moved({ bytesDone, bytesTotal, filesDone, filesTotal, current }: Progress): boolean {
    const now = [bytesDone, bytesTotal, filesDone, filesTotal, current].join(' ');
    if (now === this.#last) return false;
    this.#last = now;
    clearTimeout(this.#timer);
    this.#timer = this.#arm();
    return true;
  }

  end(): void {
    clearTimeout(this.#timer);
  }

  #arm(): NodeJS.Timeout {
    return setTimeout(() => this.#stop.abort(new Error('nothing moved')), this.#limitMs);
  }
}
