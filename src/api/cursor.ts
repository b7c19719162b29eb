import type { LogPlace } from '../db/queries/job-logs.ts';
import type { Page, PageAsked } from '../db/queries/page.ts';
import { Failure } from '../lib/failure.ts';
import { isUuid } from '../lib/ids.ts';

/** Cursors are opaque to callers, so that their content can change. They open no rows: every page is filtered again. */
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

function decode(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return null;
  }
}

const invalid = () =>
  new Failure('invalid-input', 'The cursor is none of ours; start again without it.', {
    fault: 'caller',
    pointer: 'cursor',
  });

const DEFAULT_LIMIT = 50;

export function readPage(query: {
  readonly limit?: number;
  readonly cursor?: string;
  readonly sort?: 'createdAt' | '-createdAt';
}): PageAsked {
  const limit = query.limit ?? DEFAULT_LIMIT;
  const oldestFirst = query.sort === 'createdAt';
  if (query.cursor === undefined) return { limit, after: null, oldestFirst };
  const content = decode(query.cursor) as { after?: unknown } | null;
  if (typeof content?.after !== 'string' || !isUuid(content.after)) throw invalid();
  return { limit, after: content.after, oldestFirst };
}

export function presentPage<T, P>(page: Page<T>, present: (item: T) => P): { items: P[]; nextCursor: string | null } {
  return { items: page.items.map(present), nextCursor: page.next === null ? null : encode({ after: page.next }) };
}

const isCount = (value: unknown, max: number): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= max;

export function readLogPlace(cursor: string | undefined): LogPlace {
  if (cursor === undefined) return { run: 0, attempt: 0, seq: 0 };
  const content = decode(cursor);
  if (!Array.isArray(content) || content.length !== 3) throw invalid();
  const [run, attempt, seq] = content as unknown[];
  if (!isCount(run, 2 ** 31 - 1) || !isCount(attempt, 2 ** 31 - 1) || !isCount(seq, Number.MAX_SAFE_INTEGER))
    throw invalid();
  return { run, attempt, seq };
}

export const writeLogPlace = (place: LogPlace): string => encode([place.run, place.attempt, place.seq]);
