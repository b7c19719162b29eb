import { MASK, type Mask, maskOf } from './mask.ts';

/** Longer texts are cut: one hostile line must not fill the log. */
export const TEXT_LIMIT = 16_384;

/** How much more than the limit is looked at, so that a secret across the cut is still seen whole. */
const SLACK = 4_096;
const SHORTEST_SECRET = 6;

const SECRET_WORD =
  'pass(?:word|wd|phrase)|pwd|secret|token|credentials?|cookie|session[_-]?id|otp|' +
  '(?:api|access|private|signing|encryption)[_-]?key|(?:password|token|key)[_-]?hash';

/** A value after a secret's name: quoted (plain or escaped inside another string), or up to the next space, `&` or quote. */
const VALUE = String.raw`(?:\\+"[^"]{0,4096}"?|"(?:[^"\\]|\\.){0,4096}"?|'[^']{0,4096}'?|[^\s"'&]+)`;

type Rule = readonly [RegExp, string];

/** In this order: what swallows most comes first. Counts are bounded so that no text can make them slow. */
const RULES: readonly Rule[] = [
  [
    /-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----|$)/g,
    '[private key]',
  ],
  // rest:https://user:pass@host/, also with an unescaped slash or @ in the password; host:443/@x has a port, no password.
  [/:\/\/[^\s/?#"']{1,1024}@/g, `://${MASK}@`],
  [/:\/\/[^\s/?#@:"']{0,256}:(?!\d{1,5}(?:[/?#]|$))[^\s@"']{1,1024}@/g, `://${MASK}@`],
  [
    /\b((?:proxy-)?authorization\\*["']?\s{0,4}[:=]\s{0,4}\\*["']?)(?:(basic|bearer|token|apikey)\s+[^\s"',;]+|digest\s[^\r\n]*|[^\s"',;]+)/gi,
    `$1$2 ${MASK}`,
  ],
  [/\b((?:set-)?cookie\\*["']?\s{0,4}[:=]\s{0,4}\\*["']?)[^"'\r\n]+/gi, `$1${MASK}`],
  [/\b(bearer\s{1,4})[A-Za-z0-9._~+/=-]{6,}/gi, `$1${MASK}`],
  // Our own tokens keep the prefix, which tells a person what kind of secret was there.
  [/(hf[khs]_)[A-Za-z0-9_-]+/g, `$1${MASK}`],
  [/(?<![A-Za-z0-9])(gh[pousr]_|github_pat_)[A-Za-z0-9_]+/g, `$1${MASK}`],
  [new RegExp(String.raw`((?:${SECRET_WORD})\\*["']?\s{0,4}[=:]\s{0,4})${VALUE}`, 'gi'), `$1${MASK}`],
  // PostgreSQL quotes rows and values in its errors; nobody can tell which of them are secret.
  [/(\bKey \([^)]{1,512}\)=\().{0,4096}?(\) (?:already|is|conflicts))/gs, `$1${MASK}$2`],
  [/(Failing row contains \()[\s\S]*/g, `$1${MASK})`],
  [/(invalid input syntax for [a-z ]{1,64}: |invalid input value for enum [^:]{1,128}: )"[\s\S]*"/g, `$1"${MASK}"`],
];

/** A message of the ORM: the statement with its values, then what the database said. */
const STATEMENT =
  /^\s*(?:[A-Za-z]*(?:Error|Exception): )?(?:insert into|update|delete from|select|with|merge into|call)\s/i;

/** Secrets that this process was handed, and so must never print, whatever stands around them. */
export class Redactor {
  readonly #secrets = new Set<string>();
  #known: Mask = (text) => text;

  /** Values shorter than six characters are not kept: masking them would make logs unreadable and hide nothing. */
  add(secret: string | undefined | null): this {
    if (secret && secret.length >= SHORTEST_SECRET) {
      this.#secrets.add(secret);
      this.#known = maskOf(this.#secrets, SHORTEST_SECRET);
    }
    return this;
  }

  mask(text: string): string {
    let masked = this.#known(text);
    for (const [pattern, by] of RULES) masked = masked.replace(pattern, by);
    return STATEMENT.test(masked) ? masked.replace(/'(?:[^']|'')*'?/g, `'${MASK}'`) : masked;
  }
}

const NO_SECRETS = new Redactor();

/**
 * A text that is safe to log or show: secrets masked, control characters written out (a line break in a value must not
 * start a line of its own), and not longer than `limit`.
 */
export function redactText(text: string, redactor: Redactor = NO_SECRETS, limit: number = TEXT_LIMIT): string {
  const whole = text.length <= limit;
  const masked = redactor.mask(whole ? text : text.slice(0, limit + SLACK));
  const safe = escapeControls(masked);
  return whole ? safe : `${safe.slice(0, limit)}... (${text.length - limit} more characters)`;
}

/** C0, DEL, C1, line separators, and the marks that turn the direction of text around. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;
const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function escapeControls(text: string): string {
  return text.replace(CONTROLS, (one) => SHORT[one] ?? `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

const SECRET_NAME = new RegExp(`(?:${SECRET_WORD}|authorization)$|^(?:set-)?cookies?$`, 'i');

/** Is a field or header of this name never to be shown? `password_file` and `keyId` may be. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}
