import { expect, test } from 'vitest';
import { bytes, type Format, Output, relative } from './output.ts';

function bench(format: Format, columns?: number, command = 'holdfast') {
  const written = { out: '', err: '' };
  const stream = (name: 'out' | 'err') => ({
    write: (text: string) => (written[name] += text),
    isTTY: columns !== undefined,
    columns,
  });
  const now = () => new Date('2026-11-21T05:00:00Z');
  return {
    written,
    output: new Output(format, { streams: { out: stream('out'), err: stream('err') }, now, command }),
  };
}

test('a list is a table for people, with one line for each item', () => {
  const { output, written } = bench('table');
  const columns = [
    ['NAME', (h: { name: string }) => h.name],
    ['AGE', () => null],
  ] as const;
  output.list([{ name: 'db-1' }, { name: 'a' }], columns, 'none');
  expect(written.out).toBe('NAME  AGE\ndb-1  -\na     -\n');
});

test('a list is JSON for programs, also when it is empty', () => {
  const { output, written } = bench('json');
  output.list([], [['NAME', () => 'x']], 'none');
  expect(JSON.parse(written.out)).toEqual({ items: [] });
});

test('what a host wrote cannot move the cursor of who reads', () => {
  const { output, written } = bench('table');
  output.facts({}, [
    ['Host', 'db\u001b[2J\n-1'],
    ['Empty', ''],
  ]);
  expect(written.out).toBe('Host  db\\u001b[2J\\n-1\n');
});

test('UX-6: a table fits with its commands as they are typed here', () => {
  const { output, written } = bench('table', 40, '/opt/holdfast/scripts/holdfast.mjs');
  const columns = [
    ['NAME', () => 'db-1'],
    ['WHY', () => 'Look: holdfast jobs list'],
  ] as const;
  output.list([{}], columns, 'none');
  expect(written.out).toBe('NAME  WHY\ndb-1  Look: /opt/holdfast/scripts/holdf…\n');
});

test('UX-6: a fact is wrapped to the terminal, a command stays in one piece', () => {
  const { output, written } = bench('table', 24);
  output.facts({}, [
    ['Result', 'It was left out by the plan.'],
    ['Next', 'holdfast jobs logs job_1'],
  ]);
  expect(written.out).toBe('Result  It was left out\n        by the plan.\nNext    holdfast jobs logs job_1\n');
});

test('times are relative first', () => {
  const { output } = bench('table');
  expect(output.time('2026-11-21T04:57:00Z')).toBe('3 min ago (2026-11-21 04:57:00Z)');
  expect(output.time(null)).toBeNull();
  expect([relative(500), relative(90_000), relative(-7_200_000), relative(3 * 86_400_000)]).toEqual([
    '0 s ago',
    '1 min ago',
    'in 2 h',
    '3 d ago',
  ]);
});

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1536, '1.5 KiB'],
  [5 * 1024 ** 3, '5.0 GiB'],
])('%i bytes are %s', (count, words) => {
  expect(bytes(count)).toBe(words);
});
