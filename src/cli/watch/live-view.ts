import { redactText } from '../../lib/redact.ts';
import type { Streams } from '../output/output.ts';
import { cut } from '../output/table.ts';

const CLEAR = '\r\u001b[K';

/** Lines that scroll, and below them one line that is written over, where there is a terminal for it. */
export class LiveView {
  readonly #streams: Streams;
  readonly #isTerminal: boolean;
  #status = '';

  constructor(streams: Streams) {
    this.#streams = streams;
    this.#isTerminal = streams.out.isTTY === true && streams.err.isTTY === true;
  }

  /** Part of the result. */
  line(text: string): void {
    this.#above(() => this.#streams.out.write(`${text}\n`));
  }

  /** What changes rarely: a line of its own where nothing can be written over. */
  note(text: string): void {
    const safe = redactText(text, undefined, 2_000);
    if (this.#isTerminal) this.status(safe);
    else this.#streams.err.write(`${safe}\n`);
  }

  /** What changes often: left out where nothing can be written over. */
  status(text: string): void {
    if (!this.#isTerminal) return;
    const width = (this.#streams.err.columns ?? 80) - 1;
    this.#status = cut(redactText(text, undefined, 2_000), width);
    this.#streams.err.write(`${CLEAR}${this.#status}`);
  }

  /** Leaves the terminal as it was. */
  close(): void {
    if (this.#status !== '') this.#streams.err.write(CLEAR);
    this.#status = '';
  }

  #above(write: () => void): void {
    if (this.#status === '') {
      write();
      return;
    }
    this.#streams.err.write(CLEAR);
    write();
    this.#streams.err.write(this.#status);
  }
}
