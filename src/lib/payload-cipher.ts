import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import type { RandomBytes } from './ids.ts';
import type { Keyring, KeyringKey } from './seal.ts';

/** Metadata of a payload as Temporal keeps it. The UI shows `encoding` and nothing else of the content. */
export const ENCRYPTED_ENCODING = 'binary/encrypted';
export const ENCODING = 'encoding';
export const KEY_ID = 'encryption-key-id';
export const BELONGS_TO = 'belongs-to';

const VERSION = 2;
const NONCE = 12;
const TAG = 16;

/** What stands in an encrypted payload: the id of its key and its owner for its metadata, and its data. */
interface EncryptedPayload {
  readonly keyId: string;
  readonly belongsTo: string;
  readonly data: Uint8Array;
}

/** The owner of a payload: a workflow, or an activity of one. */
export const ownerOf = (workflowId: string, activityId?: string): string =>
  activityId === undefined ? workflowId : `${workflowId} ${activityId}`;

/** Prepared once: made of its bytes at each of a job's twenty payloads it cost 11 us more. */
const prepared = new WeakMap<KeyringKey, KeyObject>();
function cipherKey(key: KeyringKey): KeyObject {
  const known = prepared.get(key) ?? createSecretKey(key.secret);
  prepared.set(key, known);
  return known;
}

/**
 * Encrypts the serialised form of one payload with AES-256-GCM: version | nonce 12 | tag 16 | ciphertext.
 * It is bound to its owner, so that an answer of one job cannot pass for another's; not to a run, as Temporal copies payloads from
 * one run to another of the same workflow. Random nonces allow about 4 billion payloads a key at a collision risk below 2^-32.
 */
export function encryptPayload(
  keyring: Keyring,
  random: RandomBytes,
  belongsTo: string,
  plain: Uint8Array,
): EncryptedPayload {
  const key = keyring.keyFor('payload');
  const nonce = Buffer.from(random(NONCE));
  const cipher = createCipheriv('aes-256-gcm', cipherKey(key), nonce, { authTagLength: TAG });
  cipher.setAAD(additionalData(key.id, belongsTo));
  const body = Buffer.concat([cipher.update(plain), cipher.final()]);
  return { keyId: key.id, belongsTo, data: Buffer.concat([Buffer.from([VERSION]), nonce, cipher.getAuthTag(), body]) };
}

/**
 * The serialised payload that `encryptPayload` was given, or null when it was changed or belongs to somebody else. Throws when we
 * do not have its key: then the keyring is wrong, and what is read now would be read right later.
 */
export function decryptPayload(keyring: Keyring, encrypted: EncryptedPayload, belongsTo?: string): Buffer | null {
  const data = Buffer.from(encrypted.data.buffer, encrypted.data.byteOffset, encrypted.data.byteLength);
  const key = keyring.keyById('payload', encrypted.keyId);
  if (belongsTo !== undefined && encrypted.belongsTo !== belongsTo) return null;
  if (data[0] !== VERSION || data.length < 1 + NONCE + TAG) return null;
  const decipher = createDecipheriv('aes-256-gcm', cipherKey(key), data.subarray(1, 1 + NONCE), { authTagLength: TAG });
  decipher.setAAD(additionalData(key.id, encrypted.belongsTo));
  decipher.setAuthTag(data.subarray(1 + NONCE, 1 + NONCE + TAG));
  try {
    return Buffer.concat([decipher.update(data.subarray(1 + NONCE + TAG)), decipher.final()]);
  } catch {
    return null;
  }
}

function additionalData(keyId: string, belongsTo: string): Buffer {
  return Buffer.from(`holdfast payload ${VERSION} ${keyId}\0${belongsTo}`);
}
