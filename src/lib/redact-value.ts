import { MASK } from './mask.ts';
import { isSecretName, type Redactor, redactText } from './redact.ts';

const DEEPEST = 8;
const WIDEST = 200;

/** Fields of a database error that quote rows, statements or values. */
const DATABASE_QUOTES = new Set(['detail', 'where', 'internalQuery', 'query', 'sql', 'parameters', 'params', 'values']);

/**
 * A copy of anything, fit for a log: every text redacted, secret fields masked, errors with their causes as plain
 * objects, and never more than a few hundred fields of anything. It does not throw, whatever it is given.
 */
export function redactValue(value: unknown, redactor: Redactor): unknown {
  return copy(value, redactor, 0, new Set());
}

type Seen = Set<object>;

function copy(value: unknown, redactor: Redactor, depth: number, seen: Seen): unknown {
  if (typeof value === 'string') return redactText(value, redactor);
  if (value === null || typeof value === 'number' || typeof value === 'boolean' || value === undefined) return value;
  if (typeof value === 'bigint') return value.toString();
  if (typeof value !== 'object') return `[${typeof value}]`;
  if (seen.has(value)) return '[circular]';
  if (depth >= DEEPEST) return '[deeper]';
  seen.add(value);
  try {
    return copyObject(value, redactor, depth, seen);
  } catch {
    return '[unreadable]'; // A getter that throws must not take the log line with it.
  } finally {
    seen.delete(value);
  }
}

function copyObject(value: object, redactor: Redactor, depth: number, seen: Seen): unknown {
  const inner = (each: unknown) => copy(each, redactor, depth + 1, seen);
  if (value instanceof Error) return copyError(value, redactor, depth, seen);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
  if (value instanceof URL) return redactText(value.href, redactor);
  if (Array.isArray(value)) return value.slice(0, WIDEST).map(inner);
  if (value instanceof Set) return [...value].slice(0, WIDEST).map(inner);
  if (value instanceof Map || value instanceof Headers) return copyFields([...value.entries()], redactor, inner);
  const shape = Object.getPrototypeOf(value);
  if (shape === Object.prototype || shape === null) return copyFields(Object.entries(value), redactor, inner);
  if ('toJSON' in value && typeof value.toJSON === 'function') return inner(value.toJSON());
  return `[${shape.constructor?.name ?? 'object'}]`; // A request, a socket, a connection: what is in it is not ours to print.
}

function copyFields(fields: [unknown, unknown][], redactor: Redactor, inner: (value: unknown) => unknown): object {
  const result: Record<string, unknown> = {};
  for (const [key, value] of fields.slice(0, WIDEST)) {
    const name = String(key);
    // A field named __proto__ would be swallowed, so it is renamed.
    const safe = name === '__proto__' ? '[__proto__]' : redactText(name, redactor, 200);
    result[safe] = isSecretName(name) && holdsSomething(value) ? MASK : inner(value);
  }
  return result;
}

/** `token: null` and `password: false` say that there is none, which is worth knowing. */
function holdsSomething(value: unknown): boolean {
  return value !== null && value !== undefined && typeof value !== 'boolean';
}

function copyError(error: Error, redactor: Redactor, depth: number, seen: Seen): object {
  const fields = Object.entries(error).filter(([name]) => name !== 'stack' && name !== 'message' && name !== 'cause');
  // A database error of the driver, or the ORM's, which copies the driver's fields.
  const isDatabase = 'severity' in error || ('code' in error && /^[0-9A-Z]{5}$/.test(String(error.code)));
  const own = copyFields(
    isDatabase ? fields.filter(([name]) => !DATABASE_QUOTES.has(name)) : fields,
    redactor,
    (value) => copy(value, redactor, depth + 1, seen),
  );
  return {
    type: redactText(error.name, redactor, 200),
    message: redactText(String(error.message), redactor),
    stack: error.stack === undefined ? undefined : redactText(String(error.stack), redactor),
    ...own,
    ...(error.cause === undefined ? {} : { cause: copy(error.cause, redactor, depth + 1, seen) }),
    ...(error instanceof AggregateError ? { errors: copy(error.errors, redactor, depth + 1, seen) } : {}),
  };
}
