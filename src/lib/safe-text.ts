import { stripVTControlCharacters } from 'node:util';

const CUT_MARK = ' … [cut]';
const MIDDLE_MARK = ' … ';
/** Text without any of these is safe as it is: nearly all of it. */
const UNSAFE = /[^\t\u0020-\u007e\u00a0-\u2027\u202f-\u2065\u206a-\uffff]/;

/**
 * A line as it may be stored and shown: no ANSI, control characters as visible pictures (PostgreSQL refuses NUL, and a
 * carriage return could paint over what stands before), no letters that turn the direction of text, no half surrogates.
 */
export function safeText(text: string): string {
  const wellFormed = text.toWellFormed();
  if (!UNSAFE.test(wellFormed)) return wellFormed;
  const plain = stripVTControlCharacters(wellFormed);
  // By hand: a pattern with a function for each letter takes five times as long, and a host may send nothing else.
  let safe = '';
  let from = 0;
  for (let at = 0; at < plain.length; at++) {
    const code = plain.charCodeAt(at);
    if (!isUnsafe(code)) continue;
    safe += plain.slice(from, at) + (PICTURES[code] ?? '\ufffd');
    from = at + 1;
  }
  return safe + plain.slice(from);
}

function isUnsafe(code: number): boolean {
  if (code < 0x20) return code !== 0x09;
  if (code < 0x7f) return false;
  if (code < 0x2028) return code < 0xa0;
  return code <= 0x202e || (code >= 0x2066 && code <= 0x2069);
}

const PICTURES: readonly string[] = Array.from({ length: 0x80 }, (_, code) =>
  code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? '\u2421' : '\ufffd',
);

/** The same, but keeps both ends: of a path or a message the end says more than the middle. */
export function cutMiddle(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return text;
  const room = maxBytes - Buffer.byteLength(MIDDLE_MARK);
  const head = new TextDecoder().decode(bytes.subarray(0, Math.ceil(room / 2)), { stream: true });
  let from = bytes.length - Math.floor(room / 2);
  // Not into the middle of a letter: its bytes behind the first start with 10.
  while ((bytes[from]! & 0xc0) === 0x80) from++;
  return head + MIDDLE_MARK + bytes.subarray(from).toString();
}

/** Cuts to so many bytes of UTF-8, mark included, never through a letter. */
export function cutTo(text: string, maxBytes: number, alreadyCut = false): string {
  if (!alreadyCut && Buffer.byteLength(text) <= maxBytes) return text;
  const room = maxBytes - Buffer.byteLength(CUT_MARK);
  const kept = Buffer.from(text).subarray(0, room);
  return new TextDecoder().decode(kept, { stream: true }) + CUT_MARK;
}
