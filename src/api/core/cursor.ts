import type { Page, PageAsked } from '../../db/core/page.ts';
import { LOG_START, type LogPosition, parsePosition } from '../../domain/logs/log-position.ts';
import { Failure } from '../../lib/failure.ts';
import { isUuid } from '../../lib/ids.ts';

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

/** Where a page of a log starts. The same text is the id of an event of the job's stream, so that one can go on after the other. */
export function readLogCursor(cursor: string | undefined): LogPosition {
  if (cursor === undefined) return LOG_START;
  const position = parsePosition(cursor);
  if (position === null) throw invalid();
  return position;
}
