import { safeText } from '../../lib/safe-text.ts';
import { isStorable } from '../core/plain-text.ts';
import type { AttemptResult, ItemFailure, Outcome } from './outcome.ts';

/** Names of codes, counts and references: ours are kebab-case or camelCase. */
const NAME = /^[A-Za-z][A-Za-z0-9._-]{0,63}$/;
const MOST_ENTRIES = 64;
const MOST_FAILURES = 100;
const MAX_TEXT = 1_024;
const MAX_COUNT = 2 ** 31 - 1;

/**
 * How an attempt ended, read from whatever came in the place of an outcome: null when it is none. Outcomes come from hosts
 * that are not trusted, become rows that people look at, and are read here only, whichever way they came.
 */
export function readOutcome(value: unknown): Outcome | null {
  const fields = fieldsOf(value, ['code', 'counts', 'refs']);
  if (fields === null) return null;
  const { code } = fields;
  const counts = recordOf(fields.counts, countOf);
  const refs = recordOf(fields.refs, textOf);
  return isName(code) && counts !== null && refs !== null ? { code, counts, refs } : null;
}

/** The same of what comes with an attempt's last report. */
export function readAttemptResult(value: unknown): AttemptResult | null {
  const fields = fieldsOf(value, ['outcome', 'failures', 'failureCount']);
  if (fields === null) return null;
  const outcome = readOutcome(fields.outcome);
  const failures = listOf(fields.failures, readFailure);
  const failureCount = countOf(fields.failureCount);
  if (outcome === null || failures === null || failureCount === null) return null;
  if (!Number.isInteger(failureCount) || failureCount < 0 || failureCount > MAX_COUNT) return null;
  return { outcome, failures, failureCount };
}

function readFailure(value: unknown): ItemFailure | null {
  const fields = fieldsOf(value, ['code', 'item', 'message']);
  if (fields === null || !isName(fields.code)) return null;
  const [item, message] = [textOf(fields.item), textOf(fields.message)];
  return item === null || message === null ? null : { code: fields.code, item, message };
}

const isName = (value: unknown): value is string => typeof value === 'string' && NAME.test(value);

/** JSON has 1e999, which is no number any more, and numbers that no reader of ours can count on. */
function countOf(value: unknown): number | null {
  return typeof value === 'number' && Math.abs(value) <= Number.MAX_SAFE_INTEGER ? value : null;
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value.length <= MAX_TEXT && isStorable(value) ? safeText(value) : null;
}

/** The fields of an object that has exactly these of its own. */
function fieldsOf(value: unknown, names: readonly string[]): Record<string, unknown> | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  if (Object.keys(value).length !== names.length || !names.every((name) => Object.hasOwn(value, name))) return null;
  return value as Record<string, unknown>;
}

function recordOf<Value>(value: unknown, read: (inner: unknown) => Value | null): Record<string, Value> | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const entries: [string, Value][] = [];
  for (const [name, inner] of Object.entries(value)) {
    const known = isName(name) ? read(inner) : null;
    if (known === null || entries.length === MOST_ENTRIES) return null;
    entries.push([name, known]);
  }
  return Object.fromEntries(entries);
}

function listOf<Value>(value: unknown, read: (inner: unknown) => Value | null): Value[] | null {
  if (!Array.isArray(value) || value.length > MOST_FAILURES) return null;
  const known = value.map(read);
  return known.includes(null) ? null : (known as Value[]);
}
