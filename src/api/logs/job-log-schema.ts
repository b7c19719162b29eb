import Type from 'typebox';
import type { LogLine } from '../../domain/jobs/agent-protocol.ts';
import { Closed, Time } from '../core/common-schema.ts';

export const LogQuery = Closed({
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 2000, description: 'How many lines at most; 500 unless told.' }),
  ),
  cursor: Type.Optional(
    Type.String({
      maxLength: 4_000,
      description: 'The `nextCursor` of the page before, or an `id` of the stream; from the start without it.',
    }),
  ),
  tail: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 2000, description: 'Only the last lines. Not together with `cursor`.' }),
  ),
  q: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 200,
      description: 'Only lines that hold this text, whatever its case. A page may then be empty with `hasMore` true.',
    }),
  ),
});

export const LogLineView = Type.Object(
  {
    run: Type.Integer(),
    attempt: Type.Integer(),
    seq: Type.Integer(),
    at: Time,
    stream: Type.Enum(['out', 'err', 'sys']),
    text: Type.String(),
  },
  { title: 'LogLine' },
);

export const LogGapView = Type.Object(
  {
    run: Type.Integer(),
    attempt: Type.Integer(),
    fromSeq: Type.Integer(),
    toSeq: Type.Integer(),
    lines: Type.Integer(),
  },
  {
    title: 'LogGap',
    description: 'So many lines were dropped here: the attempt said more than it may, or their day is gone.',
  },
);

export const LogPage = Type.Object(
  {
    lines: Type.Array(LogLineView),
    gaps: Type.Array(LogGapView, { description: 'Where lines are missing between those of this page.' }),
    nextCursor: Type.String({ description: 'Where the next page starts, also for lines that are yet to come.' }),
    hasMore: Type.Boolean(),
    ended: Type.Boolean({ description: 'The job has ended; when `hasMore` is false too, this is the end of its log.' }),
  },
  { title: 'LogPage' },
);

/** The last moment that RFC 3339 can write. */
const LAST_MS = Date.UTC(9999, 11, 31);

/** Hosts say when a line was written; a host whose clock says nonsense must not make its log unreadable. */
function lineTime(atMs: number): string {
  return new Date(Math.min(Math.max(Number.isFinite(atMs) ? atMs : 0, 0), LAST_MS)).toISOString();
}

export function presentLine(
  place: { readonly run: number; readonly attempt: number; readonly seq: number },
  [atMs, stream, text]: LogLine,
): Type.Static<typeof LogLineView> {
  return { ...place, at: lineTime(atMs), stream, text };
}
