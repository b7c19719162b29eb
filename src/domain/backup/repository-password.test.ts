import { expect, test } from 'vitest';
import { refusePassword } from './repository-password.ts';

test('BK-1: whatever restic takes is a password, short and odd ones too; what it cannot be given is refused in words', () => {
  for (const one of ['a', 'abc12', 'a%b$c#Lf@ü "x\\ ', 'u\u0308', '\t', ' ']) expect(refusePassword(one)).toBeNull();
  expect(['', 'a\0b', 'a\nb', 'a\r', '\ud800'].map(refusePassword)).toEqual([
    'is empty',
    expect.stringContaining('NUL'),
    expect.stringContaining('line break'),
    expect.stringContaining('line break'),
    expect.stringContaining('half a character'),
  ]);
});
