import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import type { Payload, PayloadCodec, SerializationContext } from '@temporalio/common';
import proto from '@temporalio/proto'; // CommonJS: a named import fails under ESM
import { type RandomBytes, systemRandom } from './ids.ts';
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
export interface EncryptedPayload {
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

/** The codec of workers and clients; the gateway does the same to the bytes that pass. */
export class EncryptingCodec implements PayloadCodec {
  readonly #keyring: Keyring;
  readonly #random: RandomBytes;

  constructor(keyring: Keyring, random: RandomBytes = systemRandom) {
    this.#keyring = keyring;
    this.#random = random;
  }

  async encode(payloads: Payload[], context?: SerializationContext): Promise<Payload[]> {
    const owner = ofContext(context) ?? '';
    return payloads.map((payload) => {
      const plain = proto.temporal.api.common.v1.Payload.encode(payload).finish();
      const { keyId, belongsTo, data } = encryptPayload(this.#keyring, this.#random, owner, plain);
      const metadata = { [ENCODING]: ENCRYPTED_ENCODING, [KEY_ID]: keyId, [BELONGS_TO]: belongsTo };
      return { metadata: mapValues(metadata), data };
    });
  }

  /**
   * What was put in the place of an activity's input or answer by somebody without our key reads as null, which no reader takes
   * for an order or an outcome. (Thrown, it would fail the workflow's task again and again.) Elsewhere plain payloads come back
   * as they are: runs are started with plain ids.
   */
  async decode(payloads: Payload[], context?: SerializationContext): Promise<Payload[]> {
    const owner = ofContext(context);
    return payloads.map((payload) => {
      if (textOf(payload, ENCODING) !== ENCRYPTED_ENCODING) return context?.type === 'activity' ? NOT_OURS : payload;
      const encrypted = { keyId: textOf(payload, KEY_ID), belongsTo: textOf(payload, BELONGS_TO) };
      const plain = decryptPayload(this.#keyring, { ...encrypted, data: payload.data ?? Buffer.alloc(0) }, owner);
      if (plain === null) return NOT_OURS;
      const { metadata, data } = proto.temporal.api.common.v1.Payload.decode(plain);
      return { metadata, data };
    });
  }
}

const mapValues = (texts: Record<string, string>) =>
  Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, Buffer.from(text)]));

const NOT_OURS: Payload = { metadata: mapValues({ [ENCODING]: 'json/plain' }), data: Buffer.from('null') };

/** Undefined: who asks does not know whose it is, as an endpoint that decodes for people. */
const ofContext = (context: SerializationContext | undefined): string | undefined =>
  context && ownerOf(context.workflowId ?? '', context.type === 'activity' ? (context.activityId ?? '') : undefined);

function textOf(payload: Payload, name: string): string {
  const value = payload.metadata?.[name];
  return value ? Buffer.from(value).toString('utf8') : '';
}

function additionalData(keyId: string, belongsTo: string): Buffer {
  return Buffer.from(`holdfast payload ${VERSION} ${keyId}\0${belongsTo}`);
}
