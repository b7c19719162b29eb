import fc from 'fast-check';
import { expect, test } from 'vitest';
import { newUuid, publicId, systemRandom } from '../../lib/ids.ts';
import { Keyring, newKey, newKeyring } from '../../lib/seal.ts';
import { newCredential, parseCredential } from '../identity/credential.ts';
import { Refusal } from './refusal.ts';
import { attemptOf, issueTicket, readTicket } from './ticket.ts';
import { unwrapToken, wrapToken } from './tokens.ts';

const at = (iso: string) => ({ now: () => new Date(iso) });
const clock = at('2026-01-01T00:00:00Z');
const keyring = newKeyring(clock, systemRandom);
const mine = newUuid(clock, systemRandom);
const yours = newUuid(clock, systemRandom);
const token = fc.uint8Array({ minLength: 1, maxLength: 200 }).map((bytes) => Buffer.from(bytes));
const attempt = {
  jobId: newUuid(clock, systemRandom),
  runNo: 3,
  runId: 'run',
  attempt: 2,
  activity: 'restic.backup.v1',
};

test('a wrapped token opens for its host and its use only, and is the same each time', () => {
  fc.assert(
    fc.property(token, (raw) => {
      const wrapped = wrapToken(keyring, 'activity', mine, raw);
      expect(wrapToken(keyring, 'activity', mine, raw)).toEqual(wrapped);
      expect(unwrapToken(keyring, 'activity', mine, wrapped)).toEqual(raw);
      expect(() => unwrapToken(keyring, 'activity', yours, wrapped)).toThrow(Refusal);
      expect(() => unwrapToken(keyring, 'command', mine, wrapped)).toThrow(Refusal);
    }),
  );
});

test('a token with any bit flipped, cut short, raw or made of anything is refused', () => {
  fc.assert(
    fc.property(token, fc.nat(), fc.nat({ max: 7 }), (raw, place, bit) => {
      const wrapped = wrapToken(keyring, 'activity', mine, raw);
      const flipped = Buffer.from(wrapped);
      const index = place % flipped.length;
      flipped[index] = flipped[index]! ^ (1 << bit);
      for (const bad of [flipped, wrapped.subarray(0, place % wrapped.length), raw])
        expect(() => unwrapToken(keyring, 'activity', mine, bad)).toThrow(Refusal);
    }),
  );
});

test('after a change of the wrap key old tokens still open; without the key they do not', () => {
  const raw = Buffer.from('token');
  const old = wrapToken(keyring, 'activity', mine, raw);
  const next = newKey('wrap', at('2026-02-01T00:00:00Z'), systemRandom);
  const changed = new Keyring([...keyring.keys, next]);
  expect(wrapToken(changed, 'activity', mine, raw)).not.toEqual(old);
  expect(unwrapToken(changed, 'activity', mine, old)).toEqual(raw);
  expect(() => unwrapToken(new Keyring([next]), 'activity', mine, old)).toThrow(Refusal);
});

test('a ticket is good for its host with its token', () => {
  const raw = Buffer.from('token');
  const ticket = issueTicket(keyring, mine, attempt, raw);
  expect(readTicket(keyring, mine, ticket, raw)).toEqual(attempt);
  expect(() => readTicket(keyring, yours, ticket, raw)).toThrow(Refusal);
  expect(() => readTicket(keyring, mine, ticket, Buffer.from('another'))).toThrow(Refusal);
  for (let index = 0; index < ticket.length; index++) {
    const flipped = Buffer.from(ticket);
    flipped[index] = flipped[index]! ^ 1;
    expect(() => readTicket(keyring, mine, flipped, raw)).toThrow(Refusal);
  }
  // A wrapped token is signed with the same key and must not pass for a ticket.
  expect(() => readTicket(keyring, mine, wrapToken(keyring, 'activity', mine, raw), raw)).toThrow(Refusal);
});

test('only activities of job workflows get a ticket', () => {
  const id = `job/${publicId('job', attempt.jobId)}/3`;
  expect(attemptOf(id, attempt.runId, '2', attempt.activity)).toEqual(attempt);
  expect(attemptOf(id, '', '2', attempt.activity)).toBeNull();
  const wrong: [string, string][] = [
    [id, '0'],
    [id, 'x'],
    [`${id}/4`, '2'],
    ['alert/a/b', '2'],
    [id.replace('/3', '/03'), '2'],
    ['', ''],
  ];
  for (const [workflowId, activityId] of wrong) expect(attemptOf(workflowId, 'run', activityId, 'a')).toBeNull();
});

test('a credential names its organisation and host, and nothing else passes for one', () => {
  const text = newCredential(mine, yours, systemRandom);
  expect(text).toMatch(/^hfh_.{26}_.{26}_.{43}$/);
  expect(parseCredential(text)).toMatchObject({ orgId: mine, hostId: yours });
  expect(parseCredential(text)!.hash).not.toEqual(parseCredential(newCredential(mine, yours, systemRandom))!.hash);
  for (const bad of ['', text.slice(1), `${text}a`, `${text}\n`, text.replace('hfh', 'hfk')])
    expect(parseCredential(bad)).toBeNull();
});
