import { sql } from 'kysely';
import { type LogLine, MAX_CHUNK_LINES } from '../../domain/jobs/agent-protocol.ts';
import { type AttemptPlace, advanced, type LogPosition, nextIn } from '../../domain/logs/log-position.ts';
import type { Tx } from '../core/transaction.ts';

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

/** A part of a job's log that somebody lacks. `to` is something that the log has reached. */
export interface Lack {
  readonly jobId: string;
  /** The day of its partition: without it every partition would be tried. */
  readonly day: string;
  readonly from: LogPosition;
  readonly to: LogPosition;
}

export interface LogStretch {
  readonly pieces: readonly LogPiece[];
  /** Behind the last piece. */
  readonly position: LogPosition;
}

/** Of one attempt, since each attempt's lines stand together. */
interface Asked {
  readonly jobId: string;
  readonly run: number;
  readonly attempt: number;
  readonly start: number;
  readonly end: number;
}

interface Chunk {
  job_id: string;
  first_seq: string;
  body: string;
}

/** A stretch ends behind the chunk that makes it longer than one of these; a chunk has up to 256 KiB and 200 lines. */
export interface StretchSize {
  readonly bytes: number;
  readonly lines: number;
}
export const STRETCH: StretchSize = { bytes: 256 * 1024, lines: 1_000_000 };
/** A job that says one line a second has chunks of one line. */
const MAX_CHUNKS = 64;

/** How a chunk's body holds its lines: JSON, as the gateway wrote it. */
const linesOf = (body: string): readonly LogLine[] => JSON.parse(body) as LogLine[];

/**
 * Lines from one position towards another, attempt by attempt; as many as a stretch holds. Ask again from its position
 * until that is `to`.
 */
export async function readStretch(tx: Tx, lack: Lack, size: StretchSize = STRETCH): Promise<LogStretch> {
  const stretches = await readStretches(tx, [lack], size);
  return stretches.get(lack.jobId)!;
}

/**
 * A stretch of each of these jobs, by job: one statement for those whose logs lie in the same partition. One for each job
 * took 50 ms for fifty jobs, this takes 3. The day is a constant, because the plan of all partitions takes longer than the reading.
 */
export async function readStretches(
  tx: Tx,
  lacks: readonly Lack[],
  size: StretchSize,
): Promise<Map<string, LogStretch>> {
  const answer = new Map<string, LogStretch>();
  for (const [day, ofDay] of Map.groupBy(lacks, (lack) => lack.day)) {
    const asked = ofDay.flatMap((lack) => firstLack(lack) ?? []);
    const chunks = Map.groupBy(await readChunks(tx, day, asked, size), (chunk) => chunk.job_id);
    const byJob = new Map(asked.map((one) => [one.jobId, one]));
    for (const { jobId, from } of ofDay) {
      const one = byJob.get(jobId);
      const pieces = one ? piecesOf(one, chunks.get(jobId) ?? []) : [];
      const last = pieces.at(-1);
      answer.set(jobId, { pieces, position: last ? advanced(from, last.run, last.attempt, last.next) : from });
    }
  }
  return answer;
}

function firstLack({ jobId, from, to }: Lack): Asked | undefined {
  const lacking = (place: AttemptPlace) => nextIn(from, place.run, place.attempt) < place.next;
  const place = to.find(lacking);
  if (!place) return undefined;
  const { run, attempt, next } = place;
  return { jobId, run, attempt, start: nextIn(from, run, attempt), end: next };
}

async function readChunks(tx: Tx, day: string, asked: readonly Asked[], size: StretchSize): Promise<readonly Chunk[]> {
  if (asked.length === 0) return [];
  const column = <K extends keyof Asked>(name: K) => asked.map((one) => one[name]);
  const found = await tx.rows(sql<Chunk>`
    select w.job_id, c.first_seq, c.body
      from unnest(${column('jobId')}::uuid[], ${column('run')}::int[], ${column('attempt')}::int[], ${column('start')}::bigint[], ${column('end')}::bigint[])
        as w(job_id, run_no, attempt, start, stop)
      cross join lateral (
        select c.first_seq, c.body, sum(octet_length(c.body)) over (order by c.first_seq) - octet_length(c.body) as bytes_before,
               sum(c.lines) over (order by c.first_seq) - c.lines as lines_before from (
          select c.first_seq, c.lines, c.body from log_chunk c where c.day = ${day}::date and c.org_id = ${tx.orgId} and c.job_id = w.job_id
             and c.run_no = w.run_no and c.attempt = w.attempt and c.first_seq > w.start - ${MAX_CHUNK_LINES}::bigint
             and c.first_seq < w.stop and c.first_seq + c.lines > w.start
           order by c.first_seq limit ${MAX_CHUNKS}) c) c
     where c.bytes_before < ${size.bytes} and c.lines_before < ${size.lines} order by w.job_id, c.first_seq`);
  return found;
}

function piecesOf({ run, attempt, start, end }: Asked, chunks: readonly Chunk[]): LogPiece[] {
  const pieces: LogPiece[] = [];
  let next = start;
  const missing = (until: number) => {
    if (until > next) pieces.push({ run, attempt, first: next, next: until, lines: null });
    next = Math.max(next, until);
  };
  for (const chunk of chunks) {
    const first = Number(chunk.first_seq);
    missing(first);
    const lines = linesOf(chunk.body).slice(next - first, end - first);
    pieces.push({ run, attempt, first: next, next: next + lines.length, lines });
    next += lines.length;
  }
  if (next === start) missing(end);
  return pieces;
}
