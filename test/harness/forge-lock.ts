import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface ForgedLock {
  readonly hostname: string;
  readonly username: string;
  readonly pid: number;
  readonly exclusive: boolean;
  readonly time: Date;
}

/**
 * Puts a lock of somebody else into a local repository: a restic on a host that is not here, with a clock of its own.
 * `masterKey` is what `restic cat masterkey` prints; the file's form is AES-256-CTR with Poly1305-AES. Answers its name.
 */
export function forgeLock(repository: string, masterKey: string, lock: ForgedLock): string {
  const { mac, encrypt } = JSON.parse(masterKey) as { mac: { k: string; r: string }; encrypt: string };
  const nonce = randomBytes(16);
  const cipher = createCipheriv('aes-256-ctr', Buffer.from(encrypt, 'base64'), nonce);
  const text = Buffer.concat([cipher.update(JSON.stringify({ ...lock, uid: 0, gid: 0 })), cipher.final()]);
  const pad = createCipheriv('aes-128-ecb', Buffer.from(mac.k, 'base64'), null).setAutoPadding(false).update(nonce);
  const file = Buffer.concat([nonce, text, poly1305(Buffer.from(mac.r, 'base64'), pad, text)]);
  const name = createHash('sha256').update(file).digest('hex');
  writeFileSync(join(repository, 'locks', name), file);
  return name;
}

const little = (bytes: Buffer): bigint => BigInt(`0x${Buffer.from(bytes).reverse().toString('hex') || '0'}`);

function poly1305(key: Buffer, pad: Buffer, message: Buffer): Buffer {
  const prime = (1n << 130n) - 5n;
  const r = little(key) & 0x0ffffffc0ffffffc0ffffffc0fffffffn;
  let sum = 0n;
  for (let at = 0; at < message.length; at += 16) {
    const block = message.subarray(at, at + 16);
    sum = ((sum + little(Buffer.concat([block, Buffer.from([1])]))) * r) % prime;
  }
  const tag = (sum + little(pad)) & ((1n << 128n) - 1n);
  return Buffer.from(tag.toString(16).padStart(32, '0'), 'hex').reverse();
}
