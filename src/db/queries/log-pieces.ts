import { sql } from 'kysely';
import { type LogLine, MAX_CHUNK_LINES } from '../../domain/agent-protocol.ts';
import { advanced, type LogPosition, nextIn } from '../../domain/log-position.ts';
import type { Tx } from '../doors.ts';
import { linesOf } from './job-logs.ts';

/** Lines of one attempt that follow each other, or the mark that some are missing there. */
export interface LogPiece {
  readonly run: number;
  readonly attempt: number;
  readonly first: number;
  /** Sequence behind its last line. */
  readonly next: number;
  /** Null: the lines from `first` to `next` are gone (their day was dropped). */
  readonly lines: readonly LogLine[] | null;
}

export interface LogStretch {
  readonly pieces: readonly LogPiece[];
  /** Behind the last piece. */
  readonly position: LogPosition;
}

export interface LoggedJob {
  readonly orgId: string;
  readonly jobId: string;
  /** The day of its partition: without it every partition would be tried. */
  readonly day: string;
}

/** A stretch ends behind the chunk that makes it longer than this; a chunk has up to 256 KiB. */
const STRETCH_BYTES = 256 * 1024;
const MAX_CHUNKS = 32;

interface Chunk {
  first_seq: string;
  body: string;
}

/**
 * Lines from one position towards another, attempt by attempt; as many as a stretch holds. Ask again from its position
 * until that is `to`. Needs `to` to be something that the log has reached.
 */
export async function readStretch(tx: Tx, job: LoggedJob, from: LogPosition, to: LogPosition): Promise<LogStretch> {
  for (const { run, attempt, next: end } of to) {
    const start = nextIn(from, run, attempt);
    if (start >= end) continue;
    const pieces = await readAttempt(tx, job, { run, attempt, start, end });
    return { pieces, position: advanced(from, run, attempt, pieces.at(-1)!.next) };
  }
  return { pieces: [], position: from };
}

interface Asked {
  readonly run: number;
  readonly attempt: number;
  readonly start: number;
  readonly end: number;
}

async function readAttempt(tx: Tx, job: LoggedJob, asked: Asked): Promise<LogPiece[]> {
  const { run, attempt, start, end } = asked;
  // Constant bounds: one that comes from a subquery is no index condition under row-level security (20 ms instead of 0.2).
  const found = await sql<Chunk>`
    select first_seq, body from (
      select first_seq, body, sum(octet_length(body)) over (order by first_seq) - octet_length(body) as before from (
        select first_seq, body from log_chunk where day = ${job.day}::date and org_id = ${job.orgId} and job_id = ${job.jobId}
           and run_no = ${run} and attempt = ${attempt} and first_seq > ${start - MAX_CHUNK_LINES}::bigint
           and first_seq < ${end}::bigint and first_seq + lines > ${start}::bigint
         order by first_seq limit ${MAX_CHUNKS}) c) c
     where before < ${STRETCH_BYTES} order by first_seq`.execute(tx.sql);
  const pieces: LogPiece[] = [];
  let next = start;
  const missing = (until: number) => {
    if (until > next) pieces.push({ run, attempt, first: next, next: until, lines: null });
    next = Math.max(next, until);
  };
  for (const chunk of found.rows) {
    const first = Number(chunk.first_seq);
    missing(first);
    const lines = linesOf(chunk.body).slice(next - first, end - first);
    pieces.push({ run, attempt, first: next, next: next + lines.length, lines });
    next += lines.length;
  }
  if (next === start) missing(end);
  return pieces;
}
