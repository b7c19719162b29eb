import { once } from 'node:events';
import type { ServerResponse } from 'node:http';

/** What leaves to one reader. It never holds more than the limit and one piece: who does not take it is cut off. */
export class Outlet {
  readonly #response: ServerResponse;
  readonly #pendingBytes: number;
  #onGone: (why: string) => void = () => {};
  #gone = false;
  #written = 0;

  constructor(response: ServerResponse, pendingBytes: number) {
    this.#response = response;
    this.#pendingBytes = pendingBytes;
    response.on('error', () => {});
    response.once('close', () => this.#go('the reader left'));
  }

  get gone(): boolean {
    return this.#gone;
  }

  get #bytesWritten(): number {
    return this.#response.socket?.bytesWritten ?? 0;
  }

  /** Called once, when nothing more can or will be written. */
  onGone(listener: (why: string) => void): void {
    this.#onGone = listener;
  }

  write(frames: Buffer | string): void {
    if (this.#gone) return;
    if (this.#response.writableLength > this.#pendingBytes) this.cut('the reader is too slow');
    else this.#response.write(frames);
  }

  /** Resolves when the reader has taken what lies ready, or is gone. */
  async drained(): Promise<void> {
    if (this.#gone || !this.#response.writableNeedDrain) return;
    const close = new AbortController();
    const { signal } = close;
    const response = this.#response;
    await Promise.race([once(response, 'drain', { signal }), once(response, 'close', { signal })]).catch(() => {});
    close.abort();
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
    if (this.#gone) return;
    this.#response.end(frames);
    const cut = setTimeout(() => this.#response.destroy(), withinMs);
    this.#response.once('close', () => clearTimeout(cut));
    this.#go('ended');
  }

  cut(why: string): void {
    this.#response.destroy();
    this.#go(why);
  }

  #go(why: string): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#onGone(why);
  }
}
