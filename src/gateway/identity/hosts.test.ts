import { Metadata, status } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { systemClock } from '../../lib/clock.ts';
import { newUuid, systemRandom } from '../../lib/ids.ts';
import { networkOf } from '../agent-api/network.ts';
import { newCredential, parseCredential } from './credential.ts';
import { Hosts } from './hosts.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent } as never;
const uuid = () => newUuid(systemClock, systemRandom);
const as = (credential: string) => {
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${credential}`);
  return metadata;
};
const guess = () => as(newCredential(uuid(), uuid(), systemRandom));

/** A gateway's memory before a database that knows these credentials. */
function hostsThatKnow(...credentials: string[]) {
  const good = new Set(credentials.map((credential) => parseCredential(credential)!.hash.toString('hex')));
  const seen = { nowMs: 1_000, asked: 0, atOnce: 0, most: 0 };
  const store = {
    async authenticate(orgId: string, hostId: string, hash: Buffer) {
      seen.asked++;
      seen.most = Math.max(seen.most, ++seen.atOnce);
      await new Promise((resolve) => setImmediate(resolve));
      seen.atOnce--;
      return good.has(hash.toString('hex')) ? { orgId, hostId, hostName: 'h' } : null;
    },
  };
  const hosts = new Hosts(store, { now: () => new Date(seen.nowMs) }, silent);
  return { hosts, seen, revoke: () => good.clear() };
}

const peer = '10.0.0.7:4711';

test('SC-7: somebody who guesses locks no good host out behind his address, neither one that was here nor one that comes', async () => {
  const [old, young] = [uuid(), uuid()].map((org) => newCredential(org, uuid(), systemRandom)) as [string, string];
  const { hosts, seen } = hostsThatKnow(old, young);
  await hosts.identify(as(old), peer);
  const guesses = Array.from({ length: 2_000 }, () => hosts.identify(guess(), peer).catch((thrown) => thrown.code));
  const answers = await Promise.all(guesses);
  expect(answers.filter((answer) => answer === null).length).toBeGreaterThan(0);
  // Known: not even asked for until its 5 s are over, and then not in the row of the suspects.
  const asked = seen.asked;
  for (let count = 0; count < 100; count++) expect(await hosts.identify(as(old), peer)).not.toBeNull();
  expect(seen.asked).toBe(asked);
  seen.nowMs += 5_001;
  const again = Array.from({ length: 300 }, () => hosts.identify(guess(), peer).catch((thrown) => thrown.code));
  expect(await hosts.identify(as(old), peer)).not.toBeNull();
  await Promise.all(again);
  const more = Array.from({ length: 60 }, () => hosts.identify(guess(), peer));
  expect(await hosts.identify(as(young), peer)).not.toBeNull();
  await Promise.all(more);
  expect(seen.most).toBeLessThanOrEqual(6);
});

test('only misses are charged; where too much was guessed one is asked at a time, and too many that wait are refused', async () => {
  const goods = Array.from({ length: 500 }, () => newCredential(uuid(), uuid(), systemRandom));
  const { hosts, seen } = hostsThatKnow(...goods);
  expect(await Promise.all(goods.map((good) => hosts.identify(as(good), peer)))).not.toContain(null);
  const burst = async (count: number) =>
    Promise.all(Array.from({ length: count }, () => hosts.identify(guess(), peer).catch((thrown) => thrown.code)));
  expect(await burst(51)).toEqual(Array(51).fill(null));
  seen.most = 0;
  const answers = await burst(300);
  expect(seen.most).toBe(1);
  expect(answers.filter((answer) => answer === status.RESOURCE_EXHAUSTED)).toHaveLength(199);
  // Another network is not his.
  seen.most = 0;
  await Promise.all(Array.from({ length: 20 }, () => hosts.identify(guess(), '10.0.0.8:1')));
  expect(seen.most).toBe(4);
});

test('a credential that was good is unknown 5 s after it was revoked', async () => {
  const good = newCredential(uuid(), uuid(), systemRandom);
  const { hosts, seen, revoke } = hostsThatKnow(good);
  expect(await hosts.identify(as(good), peer)).not.toBeNull();
  revoke();
  seen.nowMs += 5_001;
  expect(await hosts.identify(as(good), peer)).toBeNull();
});

test('an IPv6 address stands for its /64', () => {
  expect(networkOf('2001:db8:1:2:aaaa::1')).toBe(networkOf('2001:DB8:1:2:0:0:0:2'));
  expect(networkOf('2001:db8:1:2::1')).toBe('2001:db8:1:2::/64');
  expect(networkOf('2001:db8:1:3::1')).not.toBe(networkOf('2001:db8:1:2::1'));
  expect(networkOf('::1')).toBe('0:0:0:0::/64');
  expect(networkOf('fe80::1%eth0')).toBe('fe80:0:0:0::/64');
  expect(networkOf('::ffff:10.0.0.7')).toBe('10.0.0.7');
  expect(networkOf('10.0.0.7')).toBe('10.0.0.7');
});
