import { stripVTControlCharacters } from 'node:util';

const CUT_MARK = ' … [cut]';
const MIDDLE_MARK = ' … ';
const FORMATS = '\u2028\u2029\u202a-\u202e\u2066-\u2069';
/** Text without any of these is safe as it is: nearly all of it, and looking costs a tenth of replacing. */
const UNSAFE = new RegExp(`[\\u0000-\\u0008\\u000a-\\u001f\\u007f-\\u009f${FORMATS}]`);
const UNSAFE_EACH = new RegExp(UNSAFE, 'g');

/**
 * A line as it may be stored and shown: no ANSI, control characters as visible pictures (PostgreSQL refuses NUL, and a
 * carriage return could paint over what stands before), no letters that turn the direction of text, no half surrogates.
 */
export function safeText(text: string): string {
  const wellFormed = text.toWellFormed();
  if (!UNSAFE.test(wellFormed)) return wellFormed;
  return stripVTControlCharacters(wellFormed).replace(UNSAFE_EACH, picture);
}

function picture(letter: string): string {
  const code = letter.charCodeAt(0);
  return code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? '\u2421' : '\ufffd';
}

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
