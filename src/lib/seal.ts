import { createCipheriv, createDecipheriv, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { Clock } from './clock.ts';
import { Failure } from './failure.ts';
import { type RandomBytes, systemRandom } from './ids.ts';

/** `seal`: values in rows. `payload`: what Temporal keeps. `wrap`: task tokens that agents carry. */
export type KeyPurpose = 'seal' | 'payload' | 'wrap';
export const KEY_PURPOSES: readonly KeyPurpose[] = ['seal', 'payload', 'wrap'];

/** What each process is given; a process that was broken into can open no more than this. */
export const KEYS_HELD = {
  api: ['seal'],
  worker: ['payload'],
  gateway: ['payload', 'wrap', 'seal'],
} as const satisfies Record<string, readonly KeyPurpose[]>;

export interface KeyringKey {
  readonly id: string;
  readonly purpose: KeyPurpose;
  readonly secret: Buffer;
  readonly createdAt: string;
  /** False: opens only. A new key reaches every process this way before the first one seals with it. */
  readonly active: boolean;
}

/** The keys of one instance, or of one process: several per purpose, so that keys can be changed. */
export class Keyring {
  readonly keys: readonly KeyringKey[];

  constructor(keys: readonly KeyringKey[]) {
    this.keys = keys;
  }

  /** The key that seals now: the newest active one. */
  keyFor(purpose: KeyPurpose): KeyringKey {
    const newest = this.keys
      .filter((key) => key.purpose === purpose && key.active)
      .reduce<KeyringKey | null>((best, key) => (best && best.createdAt > key.createdAt ? best : key), null);
    if (newest) return newest;
    throw new Failure('keyring-no-key', `This keyring has no active key for ${purpose}.`, { fault: 'operator' });
  }

  keyById(purpose: KeyPurpose, id: string): KeyringKey {
    const found = this.keys.find((key) => key.purpose === purpose && key.id === id);
    if (found) return found;
    throw new Failure(
      'sealed-unknown-key',
      `No key for ${purpose} has the id ${JSON.stringify(id)}: is this the keyring of another instance, or was a key removed too early?`,
      { fault: 'operator', extra: { purpose, keyId: id } },
    );
  }

  /** The same keyring without the purposes that a process does not need. */
  only(purposes: readonly KeyPurpose[]): Keyring {
    return new Keyring(this.keys.filter((key) => purposes.includes(key.purpose)));
  }

  /** The text of the keyring file. It holds the secrets: mode 0600, never logged. */
  toFileText(): string {
    const keys = this.keys.map((key) => ({ ...key, secret: key.secret.toString('base64url') }));
    return `${JSON.stringify({ keys }, null, 2)}\n`;
  }
}

export function newKeyring(clock: Clock, random: RandomBytes): Keyring {
  return new Keyring(KEY_PURPOSES.map((purpose) => newKey(purpose, clock, random)));
}

/** A key to add for rotation: it seals from now on, the older ones still open. */
export function newKey(purpose: KeyPurpose, clock: Clock, random: RandomBytes): KeyringKey {
  const id = `k${Buffer.from(random(5)).toString('hex')}`;
  return { id, purpose, secret: Buffer.from(random(32)), createdAt: clock.now().toISOString(), active: true };
}

/** Reads a keyring file. What is wrong is said without the text, which holds secrets. */
export function parseKeyring(text: string): Keyring {
  const invalid = (what: string) =>
    new Failure('keyring-invalid', `The keyring is not valid: ${what}. Restore the file from the recovery kit.`, {
      fault: 'operator',
    });
  let file: { keys?: unknown } | null;
  try {
    file = JSON.parse(text) as { keys?: unknown } | null;
  } catch {
    throw invalid('it is not JSON'); // The cause is left out: it quotes the text.
  }
  if (!Array.isArray(file?.keys) || file.keys.length === 0) throw invalid('it has no list "keys"');
  const seen = new Set<string>();
  const keys = (file.keys as Partial<Record<keyof KeyringKey, unknown>>[]).map((entry, index): KeyringKey => {
    const { id, purpose, secret, createdAt, active } = entry ?? {};
    if (typeof id !== 'string' || !/^[A-Za-z0-9._-]{1,64}$/.test(id)) throw invalid(`key ${index} has no usable id`);
    if (!KEY_PURPOSES.includes(purpose as KeyPurpose)) throw invalid(`key ${id} has no known purpose`);
    if (typeof secret !== 'string' || !/^[A-Za-z0-9_-]{43}$/.test(secret))
      throw invalid(`the secret of key ${id} is not 32 bytes in base64url`);
    if (typeof createdAt !== 'string' || Number.isNaN(Date.parse(createdAt)))
      throw invalid(`key ${id} has no createdAt`);
    if (active !== undefined && typeof active !== 'boolean') throw invalid(`key ${id}: active is true or false`);
    if (seen.has(`${purpose} ${id}`)) throw invalid(`key ${id} is there twice`);
    seen.add(`${purpose} ${id}`);
    return {
      id,
      purpose: purpose as KeyPurpose,
      secret: Buffer.from(secret, 'base64url'),
      createdAt: new Date(Date.parse(createdAt)).toISOString(),
      active: active ?? true,
    };
  });
  return new Keyring(keys);
}

/** The one place a sealed value belongs to. It opens nowhere else. */
interface SealContext {
  readonly table: string;
  readonly row: string;
  readonly column: string;
  readonly organisation: string;
}

const VERSION = 1;
const NONCE = 12;
const TAG = 16;
const MARK = 8;

/**
 * Seals a value for one column of one row with AES-256-GCM.
 *
 * Layout: version | length of key id, key id | mark of the context 8 | nonce 12 | tag 16 | ciphertext.
 * Each organisation has its own key, HKDF-SHA256(key of the keyring, info = organisation), so that no nonce space and no
 * ciphertext is shared between tenants; stored, wrapped keys per organisation may come with rotation work (version 2).
 * The mark only tells a value that was moved from one that was damaged: GCM alone answers "no" to both.
 */
export function seal(keyring: Keyring, context: SealContext, plaintext: Buffer | string): Buffer {
  const key = keyring.keyFor('seal');
  const nonce = Buffer.from(systemRandom(NONCE));
  const head = headerOf(key.id);
  const cipher = createCipheriv('aes-256-gcm', organisationKey(key, context), nonce, { authTagLength: TAG });
  cipher.setAAD(additionalData(head, context));
  const body = Buffer.concat([cipher.update(asBuffer(plaintext)), cipher.final()]);
  return Buffer.concat([head, contextMark(key, context), nonce, cipher.getAuthTag(), body]);
}

/** Opens what `seal` made for the same context. */
export function open(keyring: Keyring, context: SealContext, sealed: Uint8Array): Buffer {
  const blob = asBuffer(sealed);
  const bodyAt = 2 + (blob[1] ?? 0) + MARK + NONCE + TAG;
  if (blob[0] !== VERSION || blob.length < bodyAt)
    throw refusal('sealed-malformed', 'is no sealed value of a version this program knows', context);
  const head = blob.subarray(0, 2 + blob[1]!);
  const key = keyring.keyById('seal', head.toString('latin1', 2));
  const mark = blob.subarray(head.length, head.length + MARK);
  const nonce = blob.subarray(head.length + MARK, head.length + MARK + NONCE);
  const decipher = createDecipheriv('aes-256-gcm', organisationKey(key, context), nonce, { authTagLength: TAG });
  decipher.setAAD(additionalData(head, context));
  decipher.setAuthTag(blob.subarray(bodyAt - TAG, bodyAt));
  const marked = timingSafeEqual(mark, contextMark(key, context));
  try {
    const plaintext = Buffer.concat([decipher.update(blob.subarray(bodyAt)), decipher.final()]);
    if (marked) return plaintext;
  } catch {
    if (!marked) throw refusal('sealed-wrong-context', 'was sealed for another place and was moved here', context);
  }
  throw refusal('sealed-damaged', 'was changed after it was sealed', context);
}

function refusal(code: string, what: string, context: SealContext): Failure {
  const where = `${context.table}.${context.column} of row ${context.row}`;
  return new Failure(code, `The value in ${where} ${what}.`, { fault: 'operator', extra: { ...context } });
}

function organisationKey(key: KeyringKey, context: SealContext): Buffer {
  return Buffer.from(hkdfSync('sha256', key.secret, '', `holdfast seal 1 ${context.organisation}`, 32));
}

function contextMark(key: KeyringKey, context: SealContext): Buffer {
  const markKey = Buffer.from(hkdfSync('sha256', key.secret, '', 'holdfast seal 1 mark', 32));
  return createHmac('sha256', markKey)
    .update(additionalData(Buffer.alloc(0), context))
    .digest()
    .subarray(0, MARK);
}

/** Every part with its length before it, so that ("ab", "c") is never ("a", "bc"). */
function additionalData(head: Buffer, context: SealContext): Buffer {
  const parts = [head, ...[context.table, context.row, context.column, context.organisation].map(asBuffer)];
  return Buffer.concat(
    parts.flatMap((part) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(part.length);
      return [length, part];
    }),
  );
}

function headerOf(keyId: string): Buffer {
  return Buffer.concat([Buffer.from([VERSION, keyId.length]), Buffer.from(keyId, 'latin1')]);
}

function asBuffer(value: Uint8Array | string): Buffer {
  return typeof value === 'string' ? Buffer.from(value, 'utf8') : Buffer.from(value);
}
