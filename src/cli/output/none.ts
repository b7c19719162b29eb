/** What is said for a list without items: by what it was filtered, or what to do when there are none at all. */
export function none(
  nouns: string,
  advice: string,
  filters: Readonly<Record<string, string | undefined>> = {},
): string {
  const said = Object.entries(filters).flatMap(([how, what]) => (what === undefined ? [] : [`${how} ${what}`]));
  return said.length === 0 ? `There are no ${nouns}. ${advice}` : `There are no ${nouns} ${said.join(' ')}.`;
}
