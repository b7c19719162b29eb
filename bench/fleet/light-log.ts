import { setTimeout as sleep } from 'node:timers/promises';
import type { AttemptLink } from '../../src/agent/attempt/attempt-link.ts';
import { type LogLine, MAX_CHUNK_LINES, type Progress } from '../../src/domain/jobs/agent-protocol.ts';
import type { AttemptResult } from '../../src/domain/jobs/outcome.ts';

const FLUSH_MS = 300;
const RETRY_MS = 500;

/** Sends lines and at last the result, one report in flight, each until it is answered; counts what was acknowledged. */
export class LightLog {
  readonly #link: AttemptLink;
  #lines: LogLine[] = [];
  #progress: Progress | null = null;
  #base = 0;
  #closed = false;
  #loop: Promise<void> | null = null;

  constructor(link: AttemptLink) {
    this.#link = link;
  }

  /** So many lines the gateway has said to have. */
  get acknowledged(): number {
    return this.#base;
  }

  say(stream: LogLine[1], text: string): void {
    this.#lines.push([Date.now(), stream, text]);
    this.#loop ??= this.#run();
  }

  progress(progress: Progress): void {
    this.#progress = progress;
    this.#loop ??= this.#run();
  }

  async close(result: AttemptResult | null): Promise<void> {
    await this.#loop;
    while (this.#lines.length > 0 && !this.#closed) await this.#send(null);
    if (!this.#closed) await this.#send(result, true);
  }

  async #run(): Promise<void> {
    while ((this.#lines.length > 0 || this.#progress !== null) && !this.#closed) {
      await sleep(FLUSH_MS);
      await this.#send(null);
    }
    this.#loop = null;
  }

  async #send(result: AttemptResult | null, last = false): Promise<void> {
    const lines = this.#lines.slice(0, MAX_CHUNK_LINES);
    const progress = this.#progress;
    this.#progress = null;
    for (;;) {
      try {
        const { nextSeq, closed } = await this.#link.report(this.#base, lines, progress, result, last);
        this.#lines.splice(0, Math.max(0, nextSeq - this.#base));
        this.#base = nextSeq;
        this.#closed = closed;
        return;
      } catch (thrown) {
        // Refused for good: the attempt is not ours any more.
        if ((thrown as { retryable?: boolean }).retryable === false) {
          this.#closed = true;
          return;
        }
        await sleep(RETRY_MS);
      }
    }
  }
}
