import stringWidth from 'string-width';
import { describe, expect, test } from 'vitest';
import { cut, hung, tableLines } from './table.ts';

const id = (n: number) => `job_${String(n).padStart(26, '0')}`;
const cell = (full: string, short = full) => ({ full, short });
const HEADS = ['JOB', 'STATE', 'WHAT', 'ACCEPTED', 'WHY'];
const WHY = 'The repository does not open with the password that Holdfast has for it.';
const ROWS = [
  [id(1), 'failed', 'Back up /srv/data of db-1.example.org', '3 min ago (2026-11-21 05:08:26Z)', WHY],
  [id(2), 'succeeded', 'Back up 日本語のフォルダ of ホスト', '12 min ago (2026-11-21 04:59:26Z)', '-'],
].map((row) => row.map((text) => cell(text, text.replace(/ \(.*/, ''))));

describe.each([60, 80, 120, 200])('UX-6: a table on a terminal of %i columns', (width) => {
  const lines = tableLines(HEADS, ROWS, width);

  test('is not wider than that, and no id is cut', () => {
    expect(lines.filter((line) => stringWidth(line) > width)).toEqual([]);
    for (const row of ROWS) expect(lines.join('\n')).toContain(row[0]!.full);
    expect(lines.join('\n')).toContain('succeeded');
  });
});

test('where there is room for all, or no terminal, nothing is cut', () => {
  for (const width of [200, null]) {
    const lines = tableLines(HEADS, ROWS, width);
    expect(lines).toHaveLength(3);
    for (const row of ROWS) for (const { full } of row) expect(lines.join('\n')).toContain(full);
  }
});

test('less room takes first the short texts, then an ellipsis, then a line below, then a block for each row', () => {
  expect(tableLines(HEADS, ROWS, 120)).toEqual([
    'JOB                             STATE      WHAT                             ACCEPTED    WHY',
    `${id(1)}  failed     Back up /srv/data of db-1.exam…  3 min ago   The repository does not open w…`,
    `${id(2)}  succeeded  Back up 日本語のフォルダ of ホ…  12 min ago  -`,
  ]);
  expect(tableLines(HEADS, ROWS, 80)).toEqual([
    'JOB                             STATE      WHAT                       ACCEPTED',
    '  WHY',
    `${id(1)}  failed     Back up /srv/data of db-…  3 min ago`,
    '  The repository does not open with the password that Holdfast has for it.',
    `${id(2)}  succeeded  Back up 日本語のフォルダ…  12 min ago`,
  ]);
  expect(tableLines(HEADS, ROWS, 60).slice(0, 8)).toEqual([
    `JOB       ${id(1)}`,
    'STATE     failed',
    'WHAT      Back up /srv/data of db-1.example.org',
    'ACCEPTED  3 min ago (2026-11-21 05:08:26Z)',
    'WHY       The repository does not open with the password',
    '          that Holdfast has for it.',
    '',
    `JOB       ${id(2)}`,
  ]);
});

test('a text is cut between letters as people see them', () => {
  expect(cut('abcdef', 4)).toBe('abc…');
  expect(cut('日本語', 4)).toBe('日…');
  expect(cut('e\u0301e\u0301e\u0301', 2)).toBe('e\u0301…');
});

test('a command between backticks is not broken, because people copy it', () => {
  expect(hung('Do  ', 'Read the log: `holdfast jobs logs JOB --tail 50`. Then go on.', 30)).toEqual([
    'Do  Read the log:',
    '    `holdfast jobs logs JOB --tail 50`.',
    '    Then go on.',
  ]);
  expect(hung('Do  ', 'Read the log.', null)).toEqual(['Do  Read the log.']);
});
