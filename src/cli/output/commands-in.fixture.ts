/** Words of a command line as a shell would see them, with an example in the place of what a person fills in. */
export function wordsOf(command: string): string[] {
  const words = command.match(/(?:[^\s"']|"[^"]*"|'[^']*')+/g) ?? [];
  return words.map((word) =>
    word
      .replaceAll(/["']/g, '')
      .replace(/^\[?<?([^\]>]*)>?\]?$/, '$1')
      .replace(/^[A-Z]+$/, '1'),
  );
}

/**
 * The commands of a text: what stands between two backticks or quotation marks, or from `holdfast` to the end of the sentence or
 * the line. A piece of a template literal counts as a word.
 */
export function commandsIn(text: string): string[] {
  const plain = text
    .replaceAll(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, 'X')
    .replaceAll('\\n', '\n')
    .replaceAll(/\\(["'`])/g, '$1');
  return [...plain.matchAll(/(^|[^\w./@-])(?:npx )?holdfast ([^|\n][^\n]*)/gm)].map(([, before, rest]) => {
    const close = before === '`' || before === '"' || before === "'" ? before : null;
    const ends = close === null ? /[`'](?!\w)|<\/|[.,;:]?$|[.,;:)] | [#|(] | {2,}/ : new RegExp(close);
    const at = rest!.search(ends);
    return rest!.slice(0, at === -1 ? undefined : at).trim();
  });
}
