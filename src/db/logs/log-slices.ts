import { sql } from 'kysely';
import { type LogLine, MAX_CHUNK_LINES } from '../../domain/jobs/agent-protocol.ts';
import { type AttemptPlace, advanced, type LogPosition, nextIn } from '../../domain/logs/log-position.ts';
import type { Tx } from '../core/transaction.ts';

/** Lines of one attempt that follow each other, or the mark that some are missing there. */
export interface LogSlice {
  readonly run: number;
  readonly attempt: number;
  readonly first: number;
  /** Sequence behind its last line. */
  readonly next: number;
  /** Null: the lines from `first` to `next` are gone (their day was dropped). */
  readonly lines: readonly LogLine[] | null;
}

/** A part of a job's log that somebody lacks. `to` is something that the log has reached. */
export interface LogRange {
  readonly jobId: string;
  /** The day of its partition: without it every partition would be tried. */
  readonly day: string;
  readonly from: LogPosition;
  readonly to: LogPosition;
}

export interface LogBatch {
  readonly slices: readonly LogSlice[];
  /** Behind the last slice. */
  readonly position: LogPosition;
}

/** Of one attempt, since each attempt's lines stand together. */
interface AttemptRange {
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

/** A batch ends behind the chunk that makes it longer than one of these; a chunk has up to 256 KiB and 200 lines. */
export interface LogBatchSize {
  readonly bytes: number;
  readonly lines: number;
}
export const LOG_BATCH: LogBatchSize = { bytes: 256 * 1024, lines: 1_000_000 };
/** A job that says one line a second has chunks of one line. */
const MAX_CHUNKS = 64;

/** How a chunk's body holds its lines: JSON, as the gateway wrote it. */
const linesOf = (body: string): readonly LogLine[] => JSON.parse(body) as LogLine[];

/**
 * Lines from one position towards another, attempt by attempt; as many as a batch holds. Ask again from its position
 * until that is `to`.
 */
export async function readLogBatch(tx: Tx, range: LogRange, size: LogBatchSize = LOG_BATCH): Promise<LogBatch> {
  const batches = await readLogBatches(tx, [range], size);
  return batches.get(range.jobId)!;
}

/**
 * A batch of each of these jobs, by job: one statement for those whose logs lie in the same partition. One for each job
 * took 50 ms for fifty jobs, this takes 3. The day is a constant, because the plan of all partitions takes longer than the reading.
 */
export async function readLogBatches(
  tx: Tx,
  ranges: readonly LogRange[],
  size: LogBatchSize,
): Promise<Map<string, LogBatch>> {
  const answer = new Map<string, LogBatch>();
  for (const [day, ofDay] of Map.groupBy(ranges, (range) => range.day)) {
    const asked = ofDay.flatMap((range) => firstRange(range) ?? []);
    const chunks = Map.groupBy(await readChunks(tx, day, asked, size), (chunk) => chunk.job_id);
    const byJob = new Map(asked.map((one) => [one.jobId, one]));
    for (const { jobId, from } of ofDay) {
      const one = byJob.get(jobId);
      const slices = one ? slicesOf(one, chunks.get(jobId) ?? []) : [];
      const last = slices.at(-1);
      answer.set(jobId, { slices, position: last ? advanced(from, last.run, last.attempt, last.next) : from });
    }
  }
  return answer;
}

function firstRange({ jobId, from, to }: LogRange): AttemptRange | undefined {
  const lacking = (place: AttemptPlace) => nextIn(from, place.run, place.attempt) < place.next;
  const place = to.find(lacking);
  if (!place) return undefined;
  const { run, attempt, next } = place;
  return { jobId, run, attempt, start: nextIn(from, run, attempt), end: next };
}

async function readChunks(
  tx: Tx,
  day: string,
  asked: readonly AttemptRange[],
  size: LogBatchSize,
): Promise<readonly Chunk[]> {
  if (asked.length === 0) return [];
  const column = <K extends keyof AttemptRange>(name: K) => asked.map((one) => one[name]);
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

function slicesOf({ run, attempt, start, end }: AttemptRange, chunks: readonly Chunk[]): LogSlice[] {
  const slices: LogSlice[] = [];
  let next = start;
  const missing = (until: number) => {
    if (until > next) slices.push({ run, attempt, first: next, next: until, lines: null });
    next = Math.max(next, until);
  };
  for (const chunk of chunks) {
    const first = Number(chunk.first_seq);
    missing(first);
    const lines = linesOf(chunk.body).slice(next - first, end - first);
    slices.push({ run, attempt, first: next, next: next + lines.length, lines });
    next += lines.length;
  }
  if (next === start) missing(end);
  return slices;
}
