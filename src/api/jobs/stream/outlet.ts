import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { whenGone } from '../../../lib/when-gone.ts';

/** What leaves to one reader. It never holds more than the limit and one slice: who does not take it is cut off. */
export class Outlet {
  readonly #response: ServerResponse;
  readonly #pendingBytes: number;
  readonly #left = new AbortController();
  #written = 0;

  constructor(response: ServerResponse, pendingBytes: number) {
    this.#response = response;
    this.#pendingBytes = pendingBytes;
    response.on('error', () => {});
    whenGone(response, () => this.#go('the reader left'));
  }

  get gone(): boolean {
    return this.#left.signal.aborted;
  }

  get #bytesWritten(): number {
    return this.#response.socket?.bytesWritten ?? 0;
  }

  /** Called once, when nothing more can or will be written; at once if that is so already. */
  onGone(listener: (why: string) => void): void {
    const { signal } = this.#left;
    if (signal.aborted) listener(String(signal.reason));
    else signal.addEventListener('abort', () => listener(String(signal.reason)));
  }

  write(frames: Buffer | string): void {
    if (this.gone) return;
    if (this.#response.writableLength > this.#pendingBytes) this.cut('the reader is too slow');
    else this.#response.write(frames);
  }

  /** Resolves when the reader has taken what lies ready, or is gone. */
  async drained(): Promise<void> {
    if (this.gone || !this.#response.writableNeedDrain) return;
    await once(this.#response, 'drain', { signal: this.#left.signal }).catch(() => {});
  }

  /** Shows that we are there; a reader that took nothing since the beat before, though there was something, is cut off. */
  beat(comment: string): void {
    // What was handed to the system but not taken counts as written, our own comments too: so it is read behind them.
    if (this.#response.writableLength > 0 && this.#bytesWritten === this.#written) this.cut('the reader takes nothing');
    else this.write(comment);
    this.#written = this.#bytesWritten;
  }

  /** The last words; the reader gets a clean end. Whoever does not take it in this time is cut off. */
  end(frames: string, withinMs: number): void {
    if (this.gone) return;
    this.#response.end(frames);
    const cut = setTimeout(() => this.#response.destroy(), withinMs);
    whenGone(this.#response, () => clearTimeout(cut));
    this.#go('ended');
  }

  cut(why: string): void {
    this.#response.destroy();
    this.#go(why);
  }

  #go(why: string): void {
    this.#left.abort(why);
  }
}
