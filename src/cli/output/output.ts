import { redactText } from '../../lib/redact.ts';
import { asTypedHere } from '../client/here.ts';
import { hung, tableLines } from './table.ts';

export type Format = 'json' | 'table';

interface Outlet {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

/** Where a command writes: results to standard output, what happens meanwhile to standard error. */
export interface Streams {
  readonly out: Outlet;
  readonly err: Outlet;
}

type Value = string | number | null | undefined;

/** A column: its head, what stands in it for one item, and what does where there is little room. */
export type Column<T> = readonly [head: string, cell: (item: T) => Value, short?: (item: T) => Value];

/** Control characters from hosts and other people must not move the cursor of whoever reads. */
const safe = (value: string | number | null | undefined): string =>
  value === null || value === undefined ? '-' : redactText(String(value), undefined, 500);

interface OutputWorld {
  readonly streams: Streams;
  readonly now: () => Date;
  /** How `holdfast` is written here. */
  readonly command: string;
}

export class Output {
  readonly format: Format;
  readonly now: () => Date;
  readonly #streams: Streams;
  readonly #command: string;

  constructor(format: Format, world: OutputWorld) {
    this.format = format;
    this.#streams = world.streams;
    this.#command = world.command;
    this.now = world.now;
  }

  /** A list: a table for people, the items as they came for programs. */
  list<T>(items: readonly T[], columns: readonly Column<T>[], none: string): void {
    if (this.format === 'json') this.json({ items });
    else if (items.length === 0) this.say(none);
    else this.#table(items, columns);
  }

  #table<T>(items: readonly T[], columns: readonly Column<T>[]): void {
    const rows = items.map((item) =>
      columns.map(([, cell, short = cell]) => ({ full: this.#cell(cell(item)), short: this.#cell(short(item)) })),
    );
    const heads = columns.map(([head]) => head);
    for (const line of tableLines(heads, rows, this.#width)) this.line(line);
  }

  /** Its commands as they are typed here, before the widths are chosen. */
  #cell(value: Value): string {
    return this.#typed(safe(value));
  }

  /** Of the terminal; null where there is none: programs get whole lines. */
  get #width(): number | null {
    const { isTTY, columns } = this.#streams.out;
    return isTTY && columns ? columns : null;
  }

  /** One thing: a line for each fact that there is. */
  facts(item: unknown, facts: readonly (readonly [name: string, value: string | number | null | undefined])[]): void {
    if (this.format === 'json') {
      this.json(item);
      return;
    }
    const shown = facts.filter(([, value]) => value !== null && value !== undefined && value !== '');
    const width = Math.max(...shown.map(([name]) => name.length));
    for (const [name, value] of shown) {
      const text = safe(value);
      // A command is copied as it stands.
      const room = /^holdfast\b/.test(text) ? null : this.#width;
      for (const line of hung(`${name.padEnd(width)}  `, this.#typed(text), room)) this.line(line);
    }
  }

  json(value: unknown): void {
    this.#streams.out.write(`${JSON.stringify(value, null, 2)}\n`);
  }

  line(text: string): void {
    this.#streams.out.write(`${text}\n`);
  }

  /** A text of ours, with its commands as they are typed here. */
  say(text: string): void {
    this.line(this.#typed(text));
  }

  #typed(text: string): string {
    return asTypedHere(text, this.#command);
  }

  /** For the person who waits; never part of the result. */
  note(text: string): void {
    this.#streams.err.write(`${asTypedHere(redactText(text, undefined, 2_000), this.#command)}\n`);
  }

  /** A secret that is shown this once; redaction would hide what the person has to keep. */
  secret(text: string): void {
    this.#streams.err.write(`${text}\n`);
  }

  /** `3 min ago (2026-11-21 05:08:26Z)`. In UTC, as all that the API, the logs and Temporal's UI say, so that it can be compared. */
  time(text: string | null | undefined): string | null {
    if (!text) return null;
    return `${this.ago(text)} (${exact(text)})`;
  }

  ago(text: string | null | undefined): string | null {
    return text ? relative(this.now().getTime() - new Date(text).getTime()) : null;
  }
}

const UNITS: readonly (readonly [name: string, ms: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
];

export function relative(ms: number): string {
  const [name, size] = UNITS.find(([, unit]) => Math.abs(ms) >= unit) ?? ['s', 1_000];
  const count = `${Math.floor(Math.abs(ms) / size)} ${name}`;
  return ms < 0 ? `in ${count}` : `${count} ago`;
}

const exact = (text: string): string => `${new Date(text).toISOString().slice(0, 19).replace('T', ' ')}Z`;

const SIZES = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

export function bytes(count: number): string {
  const step = count < 1 ? 0 : Math.min(SIZES.length - 1, Math.floor(Math.log2(count) / 10));
  return `${(count / 1024 ** step).toFixed(step === 0 ? 0 : 1)} ${SIZES[step]}`;
}
