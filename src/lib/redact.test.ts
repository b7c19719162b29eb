import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isSecretName, Redactor, redactText, TEXT_LIMIT } from './redact.ts';

const CANARY = 'canary-7f31c2d9';

describe('what looks like a secret is masked', () => {
  test.each([
    ['a repository URL', `unable to open rest:https://backup:${CANARY}@host:8000/repo/`],
    ['a token as the user of a URL', `https://${CANARY}@host/`],
    ['a password with a slash and an at sign', `postgres://holdfast:a/${CANARY}@b@db:5432/holdfast`],
    ['a bearer header', `Authorization: Bearer ${CANARY}`],
    ['a basic header', `authorization: Basic ${CANARY}==`],
    ['a digest header', `Proxy-Authorization: Digest username="u", response="${CANARY}"`],
    ['a header without a scheme', `Authorization: ${CANARY}`],
    ['a bearer token alone', `sent Bearer ${CANARY} to the host`],
    ['a cookie', `Cookie: a=b; session=${CANARY}; c=d`],
    ['an API key of ours', `key hfk_${CANARY} is unknown`],
    ['a host token of ours', `hfh_${CANARY}`],
    ['a set-up link of ours', `http://localhost:8080/setup#hfs_${CANARY}`],
    ['a query string', `GET /api/v1/jobs?limit=3&token=${CANARY}&x=1`],
    ['an environment', `RESTIC_PASSWORD=${CANARY} restic backup`],
    ['a cloud key', `AWS_SECRET_ACCESS_KEY=${CANARY}`],
    ['a quoted value with spaces', `password="two words ${CANARY}"`],
    ['JSON', JSON.stringify({ password: CANARY })],
    ['JSON inside JSON', JSON.stringify({ body: JSON.stringify({ secret: CANARY }) })],
    ['a private key', `-----BEGIN RSA PRIVATE KEY-----\n${CANARY}\n-----END RSA PRIVATE KEY-----`],
    ['a private key that was cut', `-----BEGIN PRIVATE KEY-----\n${CANARY}`],
    ['a unique violation', `Key (org_id, hash)=(1, ${CANARY}) already exists.`],
    ['a check violation', `Failing row contains (1, ${CANARY}, null).`],
    ['a value that could not be read', `invalid input syntax for type uuid: "${CANARY}"`],
    ['a statement with its values', `insert into "host" ("name") values ('it''s ${CANARY}') - duplicate key value`],
  ])('%s', (_name, text) => {
    expect(redactText(text)).not.toContain(CANARY);
    expect(redactText(text)).toMatch(/\*\*\*|\[private key\]/);
  });
});

test('what is no secret stays readable', () => {
  for (const text of [
    'unexpected token in JSON at position 3',
    'wrong password or no key found',
    'https://registry.example:443/@scope/name',
    'mail to somebody@example.org at 12:30',
    'GET /api/v1/jobs?limit=3',
    'DATABASE_URL_FILE is missing',
  ])
    expect(redactText(text)).toBe(text);
  expect(redactText('rest:https://u:p@host/repo')).toBe('rest:https://***@host/repo');
  expect(redactText('hfk_abc')).toBe('hfk_***');
});

test('a secret that the process knows is masked wherever it stands, also encoded', () => {
  const secret = 'p"ss word/7f31';
  const redactor = new Redactor().add(secret).add('short').add(undefined);
  for (const text of [`x${secret}y`, JSON.stringify({ a: secret }), `?a=${encodeURIComponent(secret)}`])
    expect(redactText(text, redactor)).toMatch(/\*\*\*/);
  expect(redactText('in short', redactor)).toBe('in short');
});

test('a text is one line, with nothing in it that moves the cursor or turns the direction', () => {
  expect(redactText('a\nlevel=info fake\r\u001b[2J\u202e\u2028\u009b')).toBe(
    'a\\nlevel=info fake\\r\\u001b[2J\\u202e\\u2028\\u009b',
  );
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !/[\p{Cc}\u2028\u2029]/u.test(redactText(text))));
});

test('a long text is cut, and no half of a secret is left at the cut', () => {
  const cut = redactText('a'.repeat(TEXT_LIMIT * 3));
  expect(cut.length).toBeLessThan(TEXT_LIMIT + 60);
  const redactor = new Redactor().add(CANARY);
  for (let before = 1; before < CANARY.length; before++) {
    const text = `${'a'.repeat(TEXT_LIMIT - before)}${CANARY}${'b'.repeat(100)}`;
    expect(redactText(text, redactor)).not.toContain(CANARY.slice(0, Math.max(before, 2)));
  }
});

test('names of fields', () => {
  for (const name of [
    'password',
    'x-api-key',
    'refreshToken',
    'taskToken',
    'Set-Cookie',
    'RESTIC_PASSWORD',
    'Authorization',
  ])
    expect([name, isSecretName(name)]).toEqual([name, true]);
  for (const name of ['password_file', 'keyId', 'tokenCount', 'name', 'repository'])
    expect([name, isSecretName(name)]).toEqual([name, false]);
});
