/** The lines "line i of n" as somebody met them: each has to come once, behind the one before. Memory does not grow with them. */
export class LineTally {
  readonly #times: Uint8Array;
  readonly #who: string;
  readonly #text: RegExp;
  #last = 0;
  #outOfOrder = 0;
  #firstOutOfOrder = 0;
  /** How many different ones came. */
  seen = 0;

  constructor(who: string, lines: number) {
    this.#who = who;
    this.#times = new Uint8Array(lines + 1);
    this.#text = new RegExp(`^line (\\d+) of ${lines}$`);
  }

  /** Any text; what is not such a line does not count. */
  take(text: string): void {
    const number = Number(this.#text.exec(text)?.[1] ?? 0);
    if (number === 0 || number >= this.#times.length) return;
    if (this.#times[number] === 0) this.seen++;
    this.#times[number] = Math.min(255, this.#times[number]! + 1);
    if (number <= this.#last) {
      this.#outOfOrder++;
      this.#firstOutOfOrder ||= number;
    }
    this.#last = number;
  }

  /** Counted in lines. One that came twice is not also out of order. */
  get verdict(): { readonly lost: number; readonly doubled: number; readonly findings: readonly string[] } {
    let [lost, firstLost, doubled, firstDoubled] = [0, 0, 0, 0];
    for (let number = 1; number < this.#times.length; number++) {
      const times = this.#times[number]!;
      if (times === 0) {
        lost++;
        firstLost ||= number;
      } else if (times > 1) {
        doubled += times - 1;
        firstDoubled ||= number;
      }
    }
    // A line that stands at another place is not where it was written.
    const astray = Math.max(0, this.#outOfOrder - doubled);
    const findings = [
      ...(lost > 0 ? [`${this.#who}: ${lost} lines are missing, first line ${firstLost}`] : []),
      ...(doubled > 0 ? [`${this.#who}: ${doubled} lines came again, first line ${firstDoubled}`] : []),
      ...(astray > 0 ? [`${this.#who}: ${astray} lines are out of order, first line ${this.#firstOutOfOrder}`] : []),
    ];
    return { lost: lost + astray, doubled, findings };
  }
}
