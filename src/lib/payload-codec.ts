import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import type { Payload, PayloadCodec } from '@temporalio/common';
import proto from '@temporalio/proto'; // CommonJS: a named import fails under ESM
import { Failure } from './failure.ts';
import { type RandomBytes, systemRandom } from './ids.ts';
import type { Keyring, KeyringKey } from './seal.ts';

/** Metadata of a payload as Temporal keeps it. The UI shows `encoding` and nothing else of the content. */
export const ENCRYPTED_ENCODING = 'binary/encrypted';
export const ENCODING = 'encoding';
export const KEY_ID = 'encryption-key-id';

const VERSION = 1;
const NONCE = 12;
const TAG = 16;

/** What stands in an encrypted payload: the id of the key for its metadata, and its data. */
export interface EncryptedPayload {
  readonly keyId: string;
  readonly data: Buffer;
}

/** Prepared once: made of its bytes at each of a job's twenty payloads it cost 11 us more. */
const prepared = new WeakMap<KeyringKey, KeyObject>();
function cipherKey(key: KeyringKey): KeyObject {
  const known = prepared.get(key) ?? createSecretKey(key.secret);
  prepared.set(key, known);
  return known;
}

/**
 * Encrypts the serialised form of one payload with AES-256-GCM: version | nonce 12 | tag 16 | ciphertext.
 * It is bound to the key only, not to a workflow: Temporal copies payloads from one run to another.
 * Random nonces allow about 4 billion payloads a key at a collision risk below 2^-32.
 */
export function encryptPayload(keyring: Keyring, random: RandomBytes, plain: Uint8Array): EncryptedPayload {
  const key = keyring.keyFor('payload');
  const nonce = Buffer.from(random(NONCE));
  const cipher = createCipheriv('aes-256-gcm', cipherKey(key), nonce, { authTagLength: TAG });
  cipher.setAAD(additionalData(key.id));
  const body = Buffer.concat([cipher.update(plain), cipher.final()]);
  return { keyId: key.id, data: Buffer.concat([Buffer.from([VERSION]), nonce, cipher.getAuthTag(), body]) };
}

/** The serialised payload that `encryptPayload` was given. */
export function decryptPayload(keyring: Keyring, encrypted: { keyId: string; data: Uint8Array }): Buffer {
  const data = Buffer.from(encrypted.data.buffer, encrypted.data.byteOffset, encrypted.data.byteLength);
  const key = keyring.keyById('payload', encrypted.keyId);
  if (data[0] !== VERSION || data.length < 1 + NONCE + TAG) throw damaged(encrypted.keyId);
  const decipher = createDecipheriv('aes-256-gcm', cipherKey(key), data.subarray(1, 1 + NONCE), { authTagLength: TAG });
  decipher.setAAD(additionalData(key.id));
  decipher.setAuthTag(data.subarray(1 + NONCE, 1 + NONCE + TAG));
  try {
    return Buffer.concat([decipher.update(data.subarray(1 + NONCE + TAG)), decipher.final()]);
  } catch {
    throw damaged(encrypted.keyId);
  }
}

/** The codec of workers and clients; the gateway does the same to the bytes that pass. */
export class EncryptingCodec implements PayloadCodec {
  readonly #keyring: Keyring;
  readonly #random: RandomBytes;

  constructor(keyring: Keyring, random: RandomBytes = systemRandom) {
    this.#keyring = keyring;
    this.#random = random;
  }

  async encode(payloads: Payload[]): Promise<Payload[]> {
    return payloads.map((payload) => {
      const plain = proto.temporal.api.common.v1.Payload.encode(payload).finish();
      const { keyId, data } = encryptPayload(this.#keyring, this.#random, plain);
      return { metadata: { [ENCODING]: Buffer.from(ENCRYPTED_ENCODING), [KEY_ID]: Buffer.from(keyId) }, data };
    });
  }

  /** Payloads that are not encrypted come back as they are: the server makes some itself. */
  async decode(payloads: Payload[]): Promise<Payload[]> {
    return payloads.map((payload) => {
      if (textOf(payload, ENCODING) !== ENCRYPTED_ENCODING) return payload;
      const keyId = textOf(payload, KEY_ID);
      const plain = decryptPayload(this.#keyring, { keyId, data: payload.data ?? Buffer.alloc(0) });
      const { metadata, data } = proto.temporal.api.common.v1.Payload.decode(plain);
      return { metadata, data };
    });
  }
}

function textOf(payload: Payload, name: string): string {
  const value = payload.metadata?.[name];
  return value ? Buffer.from(value).toString('utf8') : '';
}

function additionalData(keyId: string): Buffer {
  return Buffer.from(`holdfast payload ${VERSION} ${keyId}`);
}

function damaged(keyId: string): Failure {
  return new Failure('payload-damaged', `A payload encrypted with key ${keyId} cannot be opened: it was changed.`, {
    fault: 'operator',
  });
}
