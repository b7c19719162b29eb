import { type LogLine, MAX_CHUNK_BYTES, MAX_CHUNK_LINES } from '../../domain/jobs/agent-protocol.ts';
import { bytesOf, sizeOf } from '../../domain/jobs/log-size.ts';
import type { AttemptSpool } from './attempt-spool.ts';
import { droppedMark } from './log-line.ts';

export interface BacklogLimits {
  /** Bytes that may wait in memory; what comes beyond is dropped and counted. */
  readonly memoryBytes: number;
  /** Bytes that one attempt may log in all. */
  readonly attemptBytes: number;
}

/**
 * The lines of an attempt that the gateway has not yet taken, numbered, within bounds. A line that was sent once keeps
 * its number. While the gateway is away only the front waits here; the rest is in the spool and has no numbers yet.
 */
export class LogBacklog {
  readonly #limits: BacklogLimits;
  #behind: AttemptSpool | null;
  #lines: LogLine[] = [];
  /** Number of the first line in `#lines`. */
  #base = 0;
  #bytes = 0;
  #total = 0;
  #dropped = 0;

  /** `behind` is what another process left: it comes first. */
  constructor(limits: BacklogLimits, behind: AttemptSpool | null = null) {
    this.#limits = limits;
    this.#behind = behind;
  }

  get base(): number {
    return this.#base;
  }

  get length(): number {
    return this.#lines.length;
  }

  get isEmpty(): boolean {
    return this.#lines.length === 0 && this.#behind === null;
  }

  get spool(): AttemptSpool | null {
    return this.#behind;
  }

  /** Above half of the room a program that floods should be held back. */
  get crowded(): boolean {
    if (this.#total >= this.#limits.attemptBytes) return false;
    return this.#behind === null ? this.#bytes > this.#limits.memoryBytes / 2 : this.#behind.crowded;
  }

  /** More than one report's worth waits: no reason to gather. */
  get hasFullBatch(): boolean {
    return this.#behind !== null || this.#lines.length >= MAX_CHUNK_LINES || this.#bytes >= MAX_CHUNK_BYTES;
  }

  add(line: LogLine): void {
    const size = sizeOf(line);
    const full = this.#behind === null && this.#bytes + size > this.#limits.memoryBytes;
    if (full || this.#total + size > this.#limits.attemptBytes) {
      this.#dropped++;
      return;
    }
    this.markDropped(line[0]);
    this.#total += size;
    this.#append(line);
  }

  /** Says how many lines are missing, at the place where they are missing. A mark is small, so it may exceed a bound. */
  markDropped(atMs: number): void {
    if (this.#dropped === 0) return;
    const mark = droppedMark(atMs, this.#dropped);
    this.#dropped = 0;
    this.#append(mark);
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

  /** Nothing waits behind these, which are the next. */
  holdsOnly(batch: readonly LogLine[]): boolean {
    return this.#behind === null && this.#lines.length === batch.length;
  }

  /** The gateway says which line it wants next; lines before that one are safe with it, whoever of us brought them. */
  wants(nextSeq: number, atMs: number): void {
    const taken = nextSeq - this.#base;
    for (const line of this.#lines.splice(0, Math.max(0, taken))) this.#bytes -= sizeOf(line);
    this.#base = nextSeq;
    // It had them and has lost them (a database that was set back): nobody can bring them again, but a reader shall know.
    if (taken < 0) this.#lines.unshift(droppedMark(atMs, -taken));
  }

  /** From now on only what may be on its way stays here; the rest goes to the spool, and what comes later too. */
  spillTo(spool: AttemptSpool): void {
    const front = this.batch();
    const rest = this.#lines.splice(front.length);
    this.#bytes = bytesOf(front);
    this.#behind = spool;
    spool.begin(this.#base, front);
    for (const line of rest) spool.add(line);
  }

  /** Fetches the next lines from the spool when none is left here. With the last of them it is done with. */
  async refill(): Promise<void> {
    if (this.#lines.length > 0) return;
    for (let spool = this.#behind; spool !== null; spool = this.#behind) {
      const next = await spool.next(this.#base);
      if (next !== null) {
        this.#base = next.firstSeq;
        for (const line of next.lines) this.#push(line);
        return;
      }
      const takeOver = (rest: readonly LogLine[]) => {
        this.#behind = null;
        for (const line of rest) this.#push(line);
      };
      if (await spool.finish(takeOver)) return;
    }
  }

  clear(): void {
    this.#lines = [];
    this.#bytes = 0;
    this.#dropped = 0;
    void this.#behind?.remove();
    this.#behind = null;
  }

  #append(line: LogLine): void {
    if (this.#behind === null) this.#push(line);
    else this.#behind.add(line);
  }

  #push(line: LogLine): void {
    this.#lines.push(line);
    this.#bytes += sizeOf(line);
  }
}
