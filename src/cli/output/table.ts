import stringWidth from 'string-width';

/** A cell: the whole text, and a shorter one for a narrow terminal. */
interface Cell {
  readonly full: string;
  readonly short: string;
}

const GAP = '  ';
const INDENT = '  ';
/** Narrower than this a text says nothing any more. */
const READABLE = 16;
const NARROWEST = 10;
const ID = /^(?:[a-z]+_[0-9a-z]{26}|-)$/;

/**
 * The lines of a table that fits `width`; null: no limit, nothing is cut. In this order: short texts; texts that end with `…`; the
 * widest text on a line of its own below; a block for each row. Ids are never cut, because people copy them.
 */
export function tableLines(
  heads: readonly string[],
  rows: readonly (readonly Cell[])[],
  width: number | null,
): string[] {
  const full = [heads, ...rows.map((row) => row.map((cell) => cell.full))];
  const short = [heads, ...rows.map((row) => row.map((cell) => cell.short))];
  if (width === null || total(naturalWidths(full)) <= width) return aligned(full, naturalWidths(full));
  const widths = fitted(short, width, READABLE);
  if (widths !== null) return aligned(short, widths);
  return withTextBelow(short, width) ?? blocks(heads, rows, width);
}

const naturalWidths = (rows: readonly (readonly string[])[]): number[] =>
  rows[0]!.map((_, at) => Math.max(...rows.map((row) => stringWidth(row[at]!))));

const total = (widths: readonly number[]): number =>
  widths.reduce((sum, width) => sum + width, GAP.length * (widths.length - 1));

const isIds = (rows: readonly (readonly string[])[], at: number): boolean =>
  rows.slice(1).every((row) => ID.test(row[at]!));

/** Widths that fit when the widest texts give way first, none below `least`; null when there are none. */
function fitted(rows: readonly (readonly string[])[], width: number, least: number): number[] | null {
  const natural = naturalWidths(rows);
  const ids = natural.map((_, at) => isIds(rows, at));
  for (let most = Math.max(...natural); most >= least; most--) {
    const widths = natural.map((one, at) => (ids[at] ? one : Math.min(one, most)));
    if (total(widths) <= width) return widths;
  }
  return null;
}

const aligned = (rows: readonly (readonly string[])[], widths: readonly number[]): string[] =>
  rows.map((row) =>
    row
      .map((cell, at) => padded(cut(cell, widths[at]!), widths[at]!))
      .join(GAP)
      .trimEnd(),
  );

const padded = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - stringWidth(text)));

const letters = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Not wider than that, with `…` in the place of what is missing. */
export function cut(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let kept = '';
  for (const { segment } of letters.segment(text)) {
    if (stringWidth(kept + segment) > width - 1) break;
    kept += segment;
  }
  return `${kept.trimEnd()}…`;
}

function withTextBelow(rows: readonly (readonly string[])[], width: number): string[] | null {
  const natural = naturalWidths(rows).map((one, at) => (isIds(rows, at) ? 0 : one));
  const below = natural.indexOf(Math.max(...natural));
  const others = rows.map((row) => row.filter((_, at) => at !== below));
  const widths = fitted(others, width, NARROWEST);
  if (widths === null) return null;
  const lines = aligned(others, widths);
  return rows.flatMap((row, at) => [
    lines[at]!,
    ...(row[below] === '-' || row[below] === '' ? [] : hung(INDENT, row[below]!, width)),
  ]);
}

function blocks(heads: readonly string[], rows: readonly (readonly Cell[])[], width: number): string[] {
  const first = Math.max(...heads.map(stringWidth));
  return rows.flatMap((row, no) => [
    ...(no === 0 ? [] : ['']),
    ...row.flatMap(({ full }, at) => hung(padded(heads[at]!, first) + GAP, full, width)),
  ]);
}

/** A text behind its name, wrapped between words, further lines below the first. A command between backticks stays on one line. */
export function hung(name: string, text: string, width: number | null): string[] {
  const start = stringWidth(name);
  const words = text.match(/`[^`]*`\S*|\S+/g) ?? [''];
  if (width === null || start + stringWidth(text) <= width) return [name + text];
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && start + stringWidth(`${last} ${word}`) <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.map((line, at) => (at === 0 ? name : ' '.repeat(start)) + line);
}
