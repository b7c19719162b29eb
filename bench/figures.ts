/** The middle value. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)]!;
}

export function range(values: readonly number[], unit: string): string {
  return `${Math.min(...values).toFixed(1)} to ${Math.max(...values).toFixed(1)} ${unit}, ${values.length} values`;
}

/** One line of the table that a bench prints. */
export function row(what: string, figure: string, note: string): void {
  process.stdout.write(`${what.padEnd(44)} ${figure.padEnd(28)} ${note}\n`);
}

/** One figure beside the floor of the same run. `--json` prints exactly these fields. */
export interface Figure {
  /** Row of the requirement and what is measured: `PF-2 latency`. */
  readonly id: string;
  readonly metric: string;
  /** Of `ours` and `floor`. */
  readonly unit: string;
  readonly ours: number;
  /** Null: there is no peer; the bar is one of `ours` itself. */
  readonly floor: number | null;
  /** Ours by floor. */
  readonly ratio: number | null;
  /** What it has to be: `<= 1.25x`, `>= 30000`. */
  readonly bar: string;
  readonly holds: boolean;
}

export interface Bench {
  readonly name: string;
  readonly about: string;
  run(): Promise<Figure[]>;
}

interface Measured {
  readonly id: string;
  readonly metric: string;
  readonly unit: string;
  readonly ours: number;
  readonly floor?: number;
}

/** The ratio to the floor has to be at most, or at least, this. */
export function ratioFigure(measured: Measured & { floor: number }, is: 'at most' | 'at least', bar: number): Figure {
  const ratio = measured.ours / measured.floor;
  return { ...rounded(measured), ratio: round(ratio), bar: `${SIGN[is]} ${bar}x`, holds: keeps(ratio, is, bar) };
}

/** The figure itself has to be at most, or at least, this. */
export function plainFigure(measured: Measured, is: 'at most' | 'at least', bar: number): Figure {
  return { ...rounded(measured), ratio: null, bar: `${SIGN[is]} ${bar}`, holds: keeps(measured.ours, is, bar) };
}

const SIGN = { 'at most': '<=', 'at least': '>=' } as const;
const keeps = (value: number, is: 'at most' | 'at least', bar: number) =>
  is === 'at most' ? value <= bar : value >= bar;
const round = (value: number) => Math.round(value * 1_000) / 1_000;
const rounded = ({ id, metric, unit, ours, floor }: Measured) => ({
  id,
  metric,
  unit,
  ours: round(ours),
  floor: floor === undefined ? null : round(floor),
});

/** The figures as a table with their bars. */
export function printFigures(figures: readonly Figure[]): void {
  for (const { id, metric, unit, ours, floor, ratio, bar, holds } of figures)
    row(
      `${id}: ${metric}`,
      ratio === null ? `${ours} ${unit}` : `${ratio}x (${ours} beside ${floor} ${unit})`,
      `bar ${bar}: ${holds ? 'holds' : 'MISSED'}`,
    );
}
