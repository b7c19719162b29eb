import { type LogLine, MAX_CHUNK_BYTES, MAX_CHUNK_LINES } from '../../domain/agent-protocol.ts';

export interface BacklogLimits {
  /** Bytes that may wait in memory; what comes beyond is dropped and counted. */
  readonly memoryBytes: number;
  /** Bytes that one attempt may log in all. */
  readonly attemptBytes: number;
}

/** What a line costs beside its text: numbers, brackets and quotes in the message. */
const LINE_OVERHEAD = 32;

/** The lines of an attempt that the gateway has not yet taken, numbered, within bounds. No I/O and no time. */
export class LogBacklog {
  readonly #limits: BacklogLimits;
  #lines: LogLine[] = [];
  /** Number of the first line in `#lines`. */
  #base = 0;
  #bytes = 0;
  #total = 0;
  #dropped = 0;

  constructor(limits: BacklogLimits) {
    this.#limits = limits;
  }

  get base(): number {
    return this.#base;
  }

  get length(): number {
    return this.#lines.length;
  }

  /** Above half of the memory a program that floods should be held back. */
  get crowded(): boolean {
    return this.#bytes > this.#limits.memoryBytes / 2 && this.#total < this.#limits.attemptBytes;
  }

  /** More than one report's worth waits: no reason to gather. */
  get hasFullBatch(): boolean {
    return this.#lines.length >= MAX_CHUNK_LINES || this.#bytes >= MAX_CHUNK_BYTES;
  }

  add(line: LogLine): void {
    const size = sizeOf(line);
    const full = this.#bytes + size > this.#limits.memoryBytes || this.#total + size > this.#limits.attemptBytes;
    if (full) {
      this.#dropped++;
      return;
    }
    this.markDropped(line[0]);
    this.#push(line);
  }

  /** Says how many lines are missing, at the place where they are missing. A mark is small, so it may exceed a bound. */
  markDropped(atMs: number): void {
    if (this.#dropped === 0) return;
    const mark = `${this.#dropped} ${this.#dropped === 1 ? 'line' : 'lines'} dropped`;
    this.#dropped = 0;
    this.#push([atMs, 'sys', mark]);
  }

  /** The next lines to send, as many as one report may hold. */
  batch(): readonly LogLine[] {
    let bytes = 0;
    let count = 0;
    for (const line of this.#lines) {
      bytes += sizeOf(line);
      if (count === MAX_CHUNK_LINES || (bytes > MAX_CHUNK_BYTES && count > 0)) break;
      count++;
    }
    return this.#lines.slice(0, count);
  }

  /** The gateway says which line it wants next; lines before that one are safe with it. */
  wants(nextSeq: number): void {
    const taken = nextSeq - this.#base;
    // A number outside of what we hold means that the two sides disagree; its number wins, and no line of ours is lost.
    if (taken > 0 && taken <= this.#lines.length)
      for (const line of this.#lines.splice(0, taken)) this.#bytes -= sizeOf(line);
    this.#base = nextSeq;
  }

  clear(): void {
    this.#lines = [];
    this.#bytes = 0;
    this.#dropped = 0;
  }

  #push(line: LogLine): void {
    this.#lines.push(line);
    this.#bytes += sizeOf(line);
    this.#total += sizeOf(line);
  }
}

const sizeOf = (line: LogLine): number => Buffer.byteLength(line[2]) + LINE_OVERHEAD;
