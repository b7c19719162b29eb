import { expect, test } from 'vitest';
import { newUiLink, UiLinks } from './ui-link.ts';

const KEY = 'key';
const AT = 1_700_000_000_000;
const linkOf = (at: number, key = KEY) => new URL(newUiLink('http://127.0.0.1:1', key, at)).searchParams.get('link')!;

test('a link is good once', () => {
  const links = new UiLinks(KEY, AT);
  const [one, two] = [linkOf(AT), linkOf(AT)];
  expect([one, one, two].map((link) => links.take(link, AT + 1))).toEqual([true, false, true]);
});

test('a link is good for an hour, and not when it is older than who takes it: it may have been used', () => {
  const links = new UiLinks(KEY, AT);
  expect(links.take(linkOf(AT + 1_000), AT + 3_600_000)).toBe(true);
  expect(links.take(linkOf(AT + 1_000), AT + 3_602_000)).toBe(false);
  expect(links.take(linkOf(AT - 1), AT)).toBe(false);
});

test('a link of another key, a changed one and what is none are not taken', () => {
  const links = new UiLinks(KEY, AT);
  const good = linkOf(AT);
  const later = good.replace(String(AT), String(AT + 1));
  for (const link of [linkOf(AT, 'other'), later, `${good}.x`, '', '..', 'NaN..', good.slice(0, -1)])
    expect(links.take(link, AT), link).toBe(false);
});
