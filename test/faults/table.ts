/** What one kind of fault did, summed over the times it was brought about. `--json` prints exactly these fields. */
export interface FaultRow {
  readonly fault: string;
  /** How often it was brought about. */
  readonly times: number;
  /** Jobs that were accepted meanwhile. */
  readonly jobs: number;
  /** Accepted jobs without their row, their end or their effect; lines that were taken and are not there. */
  readonly lost: number;
  /** Effects that happened more often than the repeat table allows, or twice at the same time. */
  readonly doubled: number;
  /** Jobs without an end at the deadline; keys, requests, outbox entries, repository locks and processes left behind. */
  readonly stuck: number;
  /** From the fault until the thing that was hit served again, the slowest of all times; what is measured is the scenario's to say. */
  readonly slowestRecoveryMs: number;
}

/** One sentence for each lost, doubled and stuck thing, so that a number in the table can be followed up. */
export interface FaultReport extends FaultRow {
  readonly findings: readonly string[];
}

export const isClean = (row: FaultRow): boolean => row.lost === 0 && row.doubled === 0 && row.stuck === 0;

export const rowOf = ({ fault, times, jobs, lost, doubled, stuck, slowestRecoveryMs }: FaultRow): FaultRow => ({
  fault,
  times,
  jobs,
  lost,
  doubled,
  stuck,
  slowestRecoveryMs: Math.round(slowestRecoveryMs),
});

const HEADS = ['fault', 'times', 'jobs', 'lost', 'doubled', 'stuck', 'slowest recovery'] as const;

export function faultTable(rows: readonly FaultRow[]): string {
  const cells = rows.map((row) => [
    row.fault,
    ...[row.times, row.jobs, row.lost, row.doubled, row.stuck].map(String),
    `${(row.slowestRecoveryMs / 1000).toFixed(1)} s`,
  ]);
  const widths = HEADS.map((head, column) => Math.max(head.length, ...cells.map((row) => row[column]!.length)));
  const line = (row: readonly string[]) =>
    row.map((text, column) => (column === 0 ? text.padEnd(widths[0]!) : text.padStart(widths[column]!))).join('  ');
  return [line(HEADS), line(widths.map((width) => '-'.repeat(width))), ...cells.map(line)].join('\n');
}
