import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import { readIfThere, writeSecretFile } from '../../processes/place/data-folder.ts';

const LINK_MS = 3_600_000;

/** The secret of the UI's links and cookies; whoever can read the file may look. */
export function keptUiKey(dir: string): string {
  const file = join(dir, 'key');
  if (readIfThere(file) === null) writeSecretFile(file, randomBytes(32).toString('base64url'));
  return readIfThere(file)!;
}

const macOf = (key: string, text: string): string => createHmac('sha256', key).update(text).digest('base64url');
export const sameText = (a: string, b: string): boolean =>
  a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));

/** What a browser that came by a link shows from then on. */
export const cookieOf = (key: string): string => macOf(key, 'cookie');

/** An address that opens the UI once, within an hour. */
export function newUiLink(url: string, key: string, nowMs: number): string {
  const said = `${nowMs}.${randomBytes(9).toString('base64url')}`;
  return `${url}/open?link=${said}.${macOf(key, `link ${said}`)}`;
}

/** Takes each link once; one from before us may have been used. */
export class UiLinks {
  readonly #key: string;
  readonly #since: number;
  readonly #used = new Map<string, number>();

  constructor(key: string, nowMs: number) {
    this.#key = key;
    this.#since = nowMs;
  }

  take(link: string, nowMs: number): boolean {
    const [made = '', nonce = '', mac = '', ...more] = link.split('.');
    const madeAt = Number(made);
    if (more.length > 0 || !sameText(mac, macOf(this.#key, `link ${made}.${nonce}`))) return false;
    if (madeAt < this.#since || madeAt + LINK_MS < nowMs || this.#used.has(nonce)) return false;
    for (const [old, at] of this.#used) if (at + LINK_MS < nowMs) this.#used.delete(old);
    this.#used.set(nonce, madeAt);
    return true;
  }
}
