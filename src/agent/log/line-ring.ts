import type { LogLine } from '../../domain/jobs/agent-protocol.ts';
import { bytesOf, sizeOf } from '../../domain/jobs/log-size.ts';

/** Lines off the front of a ring, and how many were lost before them. */
interface RingCut {
  readonly lines: LogLine[];
  readonly missing: number;
  /** Time of the newest of the lost ones. */
  readonly missingAtMs: number;
}

/** Lines in memory within a bound: the oldest ones go, and are counted. */
export class LineRing {
  readonly #mostBytes: number;
  #lines: LogLine[] = [];
  #bytes = 0;
  #missing = 0;
  #missingAtMs = 0;

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  get isEmpty(): boolean {
    return this.#lines.length === 0;
  }

  add(line: LogLine): void {
    this.#lines.push(line);
    this.#bytes += sizeOf(line);
    if (this.#bytes > this.#mostBytes) this.#shrink();
  }

  /** So many lines before the first one are lost. */
  miss(lines: number, atMs: number): void {
    this.#missing += lines;
    this.#missingAtMs = Math.max(this.#missingAtMs, atMs);
  }

  /** Takes lines off the front, up to so many bytes and at least one. */
  cut(mostBytes: number): RingCut {
    let bytes = 0;
    let count = 0;
    for (const line of this.#lines) {
      bytes += sizeOf(line);
      if (bytes > mostBytes && count > 0) break;
      count++;
    }
    const cut = { lines: this.#lines.splice(0, count), missing: this.#missing, missingAtMs: this.#missingAtMs };
    this.#bytes -= bytesOf(cut.lines);
    this.#missing = 0;
    return cut;
  }

  putBack({ lines, missing, missingAtMs }: RingCut): void {
    this.#lines.unshift(...lines);
    this.#bytes += bytesOf(lines);
    this.miss(missing, missingAtMs);
  }

  /** A quarter at once: taking single lines off the front of a long list is slow. */
  #shrink(): void {
    const { lines, missing } = this.cut(this.#mostBytes / 4);
    this.miss(missing + lines.length, lines.at(-1)![0]);
  }
}
