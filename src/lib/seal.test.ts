import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Failure } from './failure.ts';
import { systemRandom } from './ids.ts';
import { KEY_PURPOSES, KEYS_HELD, Keyring, newKey, newKeyring, open, parseKeyring, seal } from './seal.ts';

const at = (iso: string) => ({ now: () => new Date(iso) });
const keyring = newKeyring(at('2026-01-01T00:00:00Z'), systemRandom);
const here = { table: 'repository', row: 'r1', column: 'password', organisation: 'o1' };

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown.code;
    throw thrown;
  }
  return 'nothing was thrown';
}

test('what was sealed opens in the same place, and only there', () => {
  const name = fc.string({ unit: 'grapheme' });
  const place = fc.record({ table: name, row: name, column: name, organisation: name });
  fc.assert(
    fc.property(place, place, fc.uint8Array({ maxLength: 300 }), (context, other, plaintext) => {
      const sealed = seal(keyring, context, Buffer.from(plaintext));
      expect(open(keyring, context, sealed)).toEqual(Buffer.from(plaintext));
      if (JSON.stringify(context) !== JSON.stringify(other))
        expect(codeOf(() => open(keyring, other, sealed))).toBe('sealed-wrong-context');
    }),
  );
});

test('parts of a place cannot be shifted into each other', () => {
  const sealed = seal(keyring, { ...here, table: 'ab', row: 'c' }, 'x');
  expect(codeOf(() => open(keyring, { ...here, table: 'a', row: 'bc' }, sealed))).toBe('sealed-wrong-context');
});

test('each part of the place counts', () => {
  const sealed = seal(keyring, here, 'x');
  for (const part of ['table', 'row', 'column', 'organisation'] as const)
    expect(codeOf(() => open(keyring, { ...here, [part]: 'other' }, sealed))).toBe('sealed-wrong-context');
});

test('any flipped bit and any cut is noticed', () => {
  const sealed = seal(keyring, here, 'the plaintext');
  for (let byte = 0; byte < sealed.length; byte++) {
    for (const bit of [1, 128]) {
      const flipped = Buffer.from(sealed);
      flipped[byte]! ^= bit;
      expect(codeOf(() => open(keyring, here, flipped))).toMatch(
        /^sealed-(damaged|unknown-key|malformed|wrong-context)$/,
      );
      if (byte >= 2 + 11) expect(codeOf(() => open(keyring, here, flipped))).toBe('sealed-damaged');
    }
    expect(codeOf(() => open(keyring, here, sealed.subarray(0, byte)))).toMatch(/^sealed-/);
  }
  expect(codeOf(() => open(keyring, here, Buffer.concat([sealed, Buffer.of(0)])))).toBe('sealed-damaged');
});

test('a keyring of another instance says so', () => {
  const other = newKeyring(at('2026-01-01T00:00:00Z'), systemRandom);
  expect(codeOf(() => open(other, here, seal(keyring, here, 'x')))).toBe('sealed-unknown-key');
  expect(codeOf(() => open(keyring.only(KEYS_HELD.worker), here, seal(keyring, here, 'x')))).toBe('sealed-unknown-key');
});

test('sealed bytes hold no plaintext and never repeat', () => {
  const canary = 'canary-7f31c2d9';
  const sealed = seal(keyring, here, canary);
  expect(sealed.includes(Buffer.from(canary))).toBe(false);
  expect(sealed.equals(seal(keyring, here, canary))).toBe(false);
});

test('a refusal names the place and holds no plaintext', () => {
  try {
    open(keyring, { ...here, row: 'r2' }, seal(keyring, here, 'canary-7f31c2d9'));
    expect.unreachable();
  } catch (thrown) {
    expect(String(thrown)).toContain('repository.password of row r2');
    expect(JSON.stringify(thrown) + String(thrown)).not.toContain('canary');
  }
});

test('after a rotation the newest active key seals and the old ones still open', () => {
  const old = seal(keyring, here, 'old');
  const next = newKey('seal', at('2026-02-01T00:00:00Z'), systemRandom);
  const waiting = new Keyring([{ ...next, active: false }, ...keyring.keys]);
  expect(waiting.keyFor('seal').id).toBe(keyring.keyFor('seal').id);
  const rotated = new Keyring([next, ...keyring.keys]);
  expect(rotated.keyFor('seal').id).toBe(next.id);
  expect(open(rotated, here, old).toString()).toBe('old');
  expect(open(waiting, here, seal(rotated, here, 'new')).toString()).toBe('new');
});

test('the keyring file says the same after writing and reading', () => {
  expect(parseKeyring(keyring.toFileText())).toEqual(keyring);
  expect(keyring.keys.map((key) => key.purpose)).toEqual(KEY_PURPOSES);
  expect(codeOf(() => keyring.only(['payload']).keyFor('seal'))).toBe('keyring-no-key');
});

test('a keyring file that is wrong is refused without showing it', () => {
  const secret = Buffer.alloc(32, 7).toString('base64url');
  const good = { id: 'k1', purpose: 'seal', secret, createdAt: '2026-01-01T00:00:00Z' };
  expect(parseKeyring(JSON.stringify({ keys: [good] })).keyFor('seal').id).toBe('k1');
  const wrong = [
    '',
    `${secret}`,
    'null',
    '{}',
    '{"keys":[]}',
    '{"keys":[null]}',
    ...[
      { id: '' },
      { purpose: 'other' },
      { secret: secret.slice(1) },
      { secret: 7 },
      { createdAt: 'soon' },
      { active: 'no' },
    ].map((change) => JSON.stringify({ keys: [{ ...good, ...change }] })),
    JSON.stringify({ keys: [good, good] }),
  ];
  for (const text of wrong) {
    expect(codeOf(() => parseKeyring(text))).toBe('keyring-invalid');
    try {
      parseKeyring(text);
    } catch (thrown) {
      expect(String((thrown as Error).stack)).not.toContain(secret.slice(1, 20));
      expect((thrown as Error).cause).toBeUndefined();
    }
  }
});
