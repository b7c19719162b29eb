import { stripVTControlCharacters } from 'node:util';

const CUT_MARK = ' … [cut]';

/** What stands in for a secret. */
export const MASK = '*****';

/** Makes text that holds one of the secrets safe to show. Longer secrets first: one may be part of another. */
export type Mask = (text: string) => string;

export function maskOf(secrets: readonly string[]): Mask {
  const forms = new Set<string>();
  for (const secret of secrets) {
    // A secret of several lines comes back line by line; programs also print it escaped, as in a URL or in JSON.
    for (const part of [secret, ...secret.split(/\r?\n/)]) {
      if (part === '') continue;
      for (const form of [part, encodeURIComponent(part.toWellFormed()), JSON.stringify(part).slice(1, -1)])
        forms.add(form);
    }
  }
  const ordered = [...forms].sort((a, b) => b.length - a.length);
  return (text) => ordered.reduce((masked, form) => masked.replaceAll(form, MASK), text);
}

/**
 * A line as it may be stored and shown: no ANSI, control characters as visible pictures (PostgreSQL refuses NUL, and a
 * carriage return could paint over what stands before), no letters that turn the direction of text, no half surrogates.
 */
export function safeText(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/\p{Cc}/gu, (letter) => {
      if (letter === '\t') return letter;
      const code = letter.charCodeAt(0);
      return code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? '\u2421' : '\ufffd';
    })
    .replace(/[\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '\ufffd')
    .toWellFormed();
}

/** Cuts to so many bytes of UTF-8, mark included, never through a letter. */
export function cutTo(text: string, maxBytes: number, alreadyCut = false): string {
  if (!alreadyCut && Buffer.byteLength(text) <= maxBytes) return text;
  const room = maxBytes - Buffer.byteLength(CUT_MARK);
  const kept = Buffer.from(text).subarray(0, room);
  return new TextDecoder().decode(kept, { stream: true }) + CUT_MARK;
}
