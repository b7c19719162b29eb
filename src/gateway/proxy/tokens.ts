import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { HostIdentity } from '../../domain/hosts/gateway-store.ts';
import { ownerOf } from '../../lib/payload-cipher.ts';
import type { Keyring, KeyringKey } from '../../lib/seal.ts';
import { forbidden } from './refusal.ts';
import { TaskToken } from './temporal-fields.ts';
import { bytesAt, replaceAt, textAt } from './wire.ts';

/**
 * Temporal's task tokens are unsigned: who may write to the namespace can make one for any activity. So agents see them
 * wrapped: version | length of key id, key id | HMAC-SHA256 | the token. A pure function of key, host and token, because
 * a pushed cancel names its activity by the token, byte for byte as it was handed out. (After a change of the wrap key
 * a running attempt hears of its cancel from the next heartbeat instead.)
 */
const VERSION = 1;
const MAC = 32;

/** What a token is for. One of a command cannot be used to answer an activity. */
export type TokenUse = 'activity' | 'command';

export function wrapToken(keyring: Keyring, use: TokenUse, hostId: string, token: Buffer): Buffer {
  const key = keyring.keyFor('wrap');
  const id = Buffer.from(key.id, 'latin1');
  return Buffer.concat([Buffer.from([VERSION, id.length]), id, macOf(key, use, hostId, token), token]);
}

/** Temporal's token. Throws a refusal when this host was never given it. */
export function unwrapToken(keyring: Keyring, use: TokenUse, hostId: string, wrapped: Buffer): Buffer {
  const macAt = 2 + (wrapped[1] ?? 0);
  if (wrapped[0] !== VERSION || wrapped.length <= macAt + MAC) throw notYours();
  const key = wrapKey(keyring, wrapped.toString('latin1', 2, macAt));
  const token = wrapped.subarray(macAt + MAC);
  if (!key || !timingSafeEqual(wrapped.subarray(macAt, macAt + MAC), macOf(key, use, hostId, token))) throw notYours();
  return token;
}

/** A message with the wrapped token at the field `id` unwrapped. */
export function unwrapAt(keyring: Keyring, use: TokenUse, host: HostIdentity, message: Buffer, id: number): Buffer {
  const token = unwrapToken(keyring, use, host.hostId, bytesAt(message, id));
  return replaceAt(message, [id], () => token);
}

/** Whose payloads go with Temporal's token: it names workflow and activity, and is what we were given, or it would not be unwrapped. */
export const ownerInToken = (token: Buffer): string =>
  ownerOf(textAt(token, TaskToken.workflowId), textAt(token, TaskToken.activityId));

/** How rows and tickets name a token. */
export function tokenHash(token: Buffer): Buffer {
  return createHash('sha256').update(token).digest();
}

/** The wrap key of an id that somebody sent us; an unknown id is no fault of the keyring. */
export function wrapKey(keyring: Keyring, id: string): KeyringKey | null {
  return keyring.keys.find((key) => key.purpose === 'wrap' && key.id === id) ?? null;
}

function macOf(key: KeyringKey, use: TokenUse, hostId: string, token: Buffer): Buffer {
  return createHmac('sha256', key.secret).update(`holdfast token\0${use}\0${hostId}\0`).update(token).digest();
}

function notYours() {
  return forbidden('task token not issued to this host');
}
