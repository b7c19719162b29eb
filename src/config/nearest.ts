/** How many letters have to be changed, added or left out to make one word of the other. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length]!;
}

/** The known word that is closest to a mistyped one. */
export function nearest(word: string, known: readonly string[]): string {
  return known.reduce((best, next) => (editDistance(word, next) < editDistance(word, best) ? next : best));
}
