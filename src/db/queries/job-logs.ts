import { sql } from 'kysely';
import type { LogLine } from '../../domain/agent-protocol.ts';
import { isTerminal, type JobState } from '../../domain/job-state.ts';
import type { Tx } from '../doors.ts';

/** A place in a job's log: lines are ordered by run, attempt and sequence. */
export interface LogPlace {
  readonly run: number;
  readonly attempt: number;
  readonly seq: number;
}

export interface LogEntry extends LogPlace {
  readonly atMs: number;
  readonly stream: 'out' | 'err' | 'sys';
  readonly text: string;
}

export interface LogPage {
  readonly lines: readonly LogEntry[];
  /** Where the next page starts; lines that come later will be there too. */
  readonly next: LogPlace;
  readonly hasMore: boolean;
  /** The job has ended, so after the last page nothing more comes (but for late lines of an agent that was cut off). */
  readonly ended: boolean;
}

interface Chunk {
  run_no: number;
  attempt: number;
  first_seq: string;
  lines: number;
  body: string;
}

/** A chunk holds up to 256 KiB, so this many bound what one page can hold in memory. */
const MAX_CHUNKS = 24;

/** How a chunk's body holds its lines: JSON, as the gateway wrote it. */
export function linesOf(body: string): readonly LogLine[] {
  return JSON.parse(body) as LogLine[];
}

export type LogsAsked = {
  /** Only lines that hold this text, whatever its case; null for all. */
  readonly text: string | null;
} & (
  | { readonly from: LogPlace; readonly limit: number }
  /** The last lines, in reading order. */
  | { readonly tail: number }
);

/** A page of the log of one job; null when there is no such job. The day is always named, else every partition is tried. */
export async function readLogs(tx: Tx, orgId: string, jobId: string, asked: LogsAsked): Promise<LogPage | null> {
  const job = await sql<{ state: JobState; day: string }>`
    select state, to_char(accepted_day, 'YYYY-MM-DD') as day from job where org_id = ${orgId} and id = ${jobId}`.execute(
    tx.sql,
  );
  const row = job.rows[0];
  if (!row) return null;
  const chunks =
    'tail' in asked
      ? await lastChunks(tx, orgId, jobId, row.day, asked.tail)
      : await chunksFrom(tx, orgId, jobId, row.day, asked);
  const all = chunks.flatMap(entriesOf);
  const ended = isTerminal(row.state);
  if ('tail' in asked) {
    const last = all.slice(Math.max(0, all.length - asked.tail));
    const next = nextOf(last.at(-1), { run: 1, attempt: 1, seq: 0 });
    return { lines: matching(last, asked.text), next, hasMore: false, ended };
  }
  const fresh = all.filter((line) => !isBefore(line, asked.from));
  const found = matching(fresh, asked.text);
  const lines = found.slice(0, asked.limit);
  // A search goes on behind what it looked at, not behind what it found: a page without a hit still gets on.
  const looked = found.length > lines.length ? lines.at(-1) : fresh.at(-1);
  const hasMore = found.length > lines.length || chunks.length === MAX_CHUNKS;
  return { lines, next: nextOf(looked, asked.from), hasMore, ended };
}

function matching(lines: readonly LogEntry[], text: string | null): readonly LogEntry[] {
  if (text === null) return lines;
  const wanted = text.toLowerCase();
  return lines.filter((line) => line.text.toLowerCase().includes(wanted));
}

async function chunksFrom(
  tx: Tx,
  orgId: string,
  jobId: string,
  day: string,
  { from }: { readonly from: LogPlace },
): Promise<Chunk[]> {
  const found = await sql<Chunk>`
    select run_no, attempt, first_seq, lines, body from log_chunk
     where day = ${day}::date and org_id = ${orgId} and job_id = ${jobId}
       and (run_no, attempt, first_seq) > (${from.run}, ${from.attempt}, ${from.seq - 200}::bigint)
       and ((run_no, attempt) > (${from.run}, ${from.attempt}) or first_seq + lines > ${from.seq}::bigint)
     order by run_no, attempt, first_seq limit ${MAX_CHUNKS}`.execute(tx.sql);
  return found.rows;
}

async function lastChunks(tx: Tx, orgId: string, jobId: string, day: string, tail: number): Promise<Chunk[]> {
  const found = await sql<Chunk>`
    select run_no, attempt, first_seq, lines, body from (
      select c.*, sum(lines) over (order by run_no desc, attempt desc, first_seq desc) - lines as later
        from (select * from log_chunk where day = ${day}::date and org_id = ${orgId} and job_id = ${jobId}
               order by run_no desc, attempt desc, first_seq desc limit ${MAX_CHUNKS}) c) c
     where later < ${tail} order by run_no, attempt, first_seq`.execute(tx.sql);
  return found.rows;
}

function entriesOf(chunk: Chunk): LogEntry[] {
  return linesOf(chunk.body).map(([atMs, stream, text], index) => ({
    run: chunk.run_no,
    attempt: chunk.attempt,
    seq: Number(chunk.first_seq) + index,
    atMs,
    stream,
    text,
  }));
}

function isBefore(line: LogPlace, from: LogPlace): boolean {
  return (
    line.run - from.run < 0 ||
    (line.run === from.run && (line.attempt < from.attempt || (line.attempt === from.attempt && line.seq < from.seq)))
  );
}

const nextOf = (last: LogPlace | undefined, from: LogPlace): LogPlace =>
  last === undefined ? from : { run: last.run, attempt: last.attempt, seq: last.seq + 1 };
