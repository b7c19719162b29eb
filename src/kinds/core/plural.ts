/** Old rows may lack a count, so a missing one reads as "some". */
export function plural(count: number | undefined, noun: string): string {
  if (count === undefined) return `some ${noun}s`;
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
