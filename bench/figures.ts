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
