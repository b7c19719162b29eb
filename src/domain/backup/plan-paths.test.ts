import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isWithin, MAX_PLAN_BYTES, refuseExclude, refusePath, refusePlan } from './plan-paths.ts';

const why = (pattern: string, before: readonly string[] = []) => refuseExclude(pattern, before);

test('BK-20: excludes that restic would never match, or cannot read, are refused with what to write instead', () => {
  for (const pattern of ['~', '~/cache', '~bob/cache', '!~/x']) expect(why(pattern, ['*'])).toContain('whole path');
  for (const pattern of ['$HOME', '$HOME/cache', '/home/$USER/x', `$${'{HOME}'}/x`])
    expect(why(pattern)).toContain('variables');
  for (const pattern of ['./x', '../x', '/srv/../x', 'a/./b', '.']) expect(why(pattern)).toContain('as a part');
  for (const pattern of [' x', 'x ', '\u00a0x']) expect(why(pattern)).toContain('write [ ]');
  for (const pattern of ['[', 'a[', '[]', '[^]', '[a', '[a-]', '[-a]', 'a\\', '/srv/[/]'])
    expect(why(pattern)).toContain('cannot be read');
  for (const pattern of ['*', '**', '/', '/*', '/**', '*/*']) expect(why(pattern)).toContain('everything');
  for (const pattern of ['', ' ', '!', '! ']) expect(why(pattern)).toContain('empty');
  expect(why('!keep')).toContain('none before it');
  expect(why('!keep', ['!other'])).toContain('none before it');
  expect(why('a\ufffd')).toContain('UTF-8');
  expect(why('a\nb')).toContain('line break');
  expect(why('ü'.repeat(2_048))).toContain('at most 4095');
});

test('what restic takes as it is meant is let through', () => {
  for (const pattern of [
    '*.o',
    '-x',
    '--help',
    '[~]/x',
    '~backup',
    '*~',
    '~$*',
    '$RECYCLE.BIN',
    '[$]HOME',
    'a[ ]',
    '[a-z]*',
    '[^a]',
    '[!a]',
    '\\[',
    ']',
    'cache/',
    '/srv/**/tmp',
    '..a',
    '#x#',
    'a b',
    'ünïcödé',
  ])
    expect([pattern, why(pattern)]).toEqual([pattern, null]);
  expect(why('!keep', ['*.o'])).toBeNull();
});

test('paths are absolute, plain, and name nothing else than they say', () => {
  for (const path of ['/', '/srv/data', '/srv/-x', '/srv/ a ', '/srv/..a', '/ü'])
    expect([path, refusePath(path)]).toEqual([path, null]);
  expect(refusePath('')).toContain('not absolute');
  expect(refusePath('~/x')).toContain('not absolute');
  expect(refusePath('/a/../b')).toContain('".."');
  expect(refusePath('/a\ufffd')).toContain('UTF-8');
  expect(refusePath(`/${'a'.repeat(4_095)}`)).toContain('at most 4095');
});

test('a refusal points to the field and says what it is about', () => {
  expect(refusePlan(['/srv', 'srv'], [])).toMatchObject({ pointer: '/paths/1' });
  expect(refusePlan(['/srv'], ['*.o', '['])).toMatchObject({
    pointer: '/excludes/1',
    message: expect.stringContaining('"["'),
  });
  for (const exclude of ['/srv', '/srv/', '/srv/data'])
    expect(refusePlan(['/etc', '/srv/data'], [exclude])).toMatchObject({ pointer: '/excludes/0' });
  expect(refusePlan(['/srv/data'], ['/srv/dat', '/srv/data/x', 'srv'])).toBeNull();
  const many = Array.from({ length: 200 }, (_, i) => `${i}`.padEnd(4_000, 'x'));
  expect(refusePlan(['/srv'], many)).toMatchObject({
    pointer: '/excludes',
    message: expect.stringContaining(`${MAX_PLAN_BYTES}`),
  });
});

test('whatever comes is judged without a throw, and quickly', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), fc.array(fc.string({ unit: 'binary' })), (paths, excludes) => {
      refusePlan(paths, excludes);
    }),
  );
  const began = performance.now();
  for (const text of [
    '['.repeat(4_000),
    '\\'.repeat(3_999),
    `[${'a-'.repeat(2_000)}`,
    '~'.repeat(4_000),
    '$a'.repeat(2_000),
  ])
    why(text);
  // Some milliseconds each; backtracking takes minutes.
  expect(performance.now() - began).toBeLessThan(10_000);
});

test('a folder holds itself and what is in it, by whole names', () => {
  expect(isWithin('/a/b', '/a')).toBe(true);
  expect(isWithin('/a/', '/a')).toBe(true);
  expect(isWithin('/a//b', '/')).toBe(true);
  expect(isWithin('/ab', '/a')).toBe(false);
  expect(isWithin('/a', '/a/b')).toBe(false);
});
