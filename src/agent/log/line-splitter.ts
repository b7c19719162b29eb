const NEWLINE = 0x0a;

/**
 * Cuts a stream of bytes into lines with a bound on memory: what a line has beyond `maxBytes` is thrown away as it
 * comes, and the line is handed on marked as cut. Works on bytes, so that a letter split over two chunks stays whole.
 */
export class LineSplitter {
  readonly #maxBytes: number;
  #parts: Buffer[] = [];
  #held = 0;
  #cut = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The lines that end in this chunk. */
  *push(chunk: Buffer): Generator<readonly [line: string, cut: boolean]> {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      this.#hold(chunk.subarray(from, end));
      yield this.#take();
      from = end + 1;
    }
    this.#hold(chunk.subarray(from));
  }

  /** What is left when the stream ends without a line end. */
  *rest(): Generator<readonly [line: string, cut: boolean]> {
    if (this.#held > 0 || this.#cut) yield this.#take();
  }

  #hold(bytes: Buffer): void {
    const room = this.#maxBytes - this.#held;
    if (bytes.length > room) this.#cut = true;
    // Node reuses pooled memory of small chunks only after they are collected, so a view is safe to keep.
    const kept = bytes.subarray(0, Math.max(0, room));
    if (kept.length === 0) return;
    this.#parts.push(kept);
    this.#held += kept.length;
  }

  #take(): readonly [string, boolean] {
    const bytes = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts);
    // `stream: true` leaves out a letter that the cut went through; elsewhere broken bytes become U+FFFD.
    const text = this.#cut ? new TextDecoder().decode(bytes, { stream: true }) : bytes.toString('utf8');
    const answer = [text.endsWith('\r') ? text.slice(0, -1) : text, this.#cut] as const;
    this.#parts = [];
    this.#held = 0;
    this.#cut = false;
    return answer;
  }
}
