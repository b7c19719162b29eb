import { randomBytes as systemRandomBytes } from 'node:crypto';
import type { Clock } from './clock.ts';

/** Where randomness comes from: `count` unpredictable bytes. */
export type RandomBytes = (count: number) => Uint8Array;

export const systemRandom: RandomBytes = (count) => systemRandomBytes(count);

/** The prefixes of public ids. A public id is the prefix, `_` and 26 characters of Crockford base32. */
export const ID_PREFIXES = {
  organization: 'org',
  site: 'site',
  user: 'user',
  apiKey: 'key',
  assignment: 'asg',
  host: 'host',
  repository: 'repo',
  plan: 'plan',
  schedule: 'sched',
  job: 'job',
  event: 'evt',
} as const;
export type IdNoun = keyof typeof ID_PREFIXES;

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const BODY = '([0-7][0-9a-hjkmnp-tv-z]{25})';

/** A uuid of version 7 (RFC 9562): ids made later sort later, to the millisecond. */
export function newUuid(clock: Clock, random: RandomBytes): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(clock.now().getTime(), 0, 6);
  bytes.set(random(10), 6);
  bytes[6] = (bytes[6]! & 0x0f) | 0x70;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** `job` and a uuid give `job_01m7y39633fm5vwwgwdqkxmc5t`; text order is uuid order. */
export function publicId(noun: IdNoun, uuid: string): string {
  let rest = BigInt(`0x${uuid.replaceAll('-', '')}`);
  let body = '';
  for (let i = 0; i < 26; i++) {
    body = ALPHABET[Number(rest & 31n)]! + body;
    rest >>= 5n;
  }
  return `${ID_PREFIXES[noun]}_${body}`;
}

/** The uuid inside a public id, or null when the text is not an id of this noun. */
export function parsePublicId(noun: IdNoun, text: string): string | null {
  const found = new RegExp(`^${ID_PREFIXES[noun]}_${BODY}$`).exec(text);
  if (!found) return null;
  let value = 0n;
  for (const letter of found[1]!) value = (value << 5n) | BigInt(ALPHABET.indexOf(letter));
  const hex = value.toString(16).padStart(32, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** The JSON schema pattern of a public id. */
export function publicIdPattern(noun: IdNoun): string {
  return `^${ID_PREFIXES[noun]}_${BODY}$`;
}

const NOUN_OF_PATTERN = new Map(
  (Object.keys(ID_PREFIXES) as IdNoun[]).map((noun) => [publicIdPattern(noun), noun] as const),
);

/** The noun whose public ids have this pattern, or null. */
export function publicIdNoun(pattern: string): IdNoun | null {
  return NOUN_OF_PATTERN.get(pattern) ?? null;
}
