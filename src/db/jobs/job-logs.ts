import { type LogLine, MAX_CHUNK_LINES } from '../../domain/jobs/agent-protocol.ts';
import { isTerminal } from '../../domain/jobs/job-state.ts';
import { advanced, type LogPosition, reaches, tailOf } from '../../domain/logs/log-position.ts';
import type { Tx } from '../core/transaction.ts';
import { LOG_BATCH, type LogSlice, readLogBatch } from '../logs/log-slices.ts';
import { readJobSnapshots } from './job-snapshots.ts';

export interface LogEntry {
  readonly run: number;
  readonly attempt: number;
  readonly seq: number;
  readonly line: LogLine;
}

export interface LogGap {
  readonly run: number;
  readonly attempt: number;
  readonly fromSeq: number;
  readonly toSeq: number;
  readonly lines: number;
}

export interface LogPage {
  readonly lines: readonly LogEntry[];
  /** Where lines are missing: dropped beyond the bound of the attempt, or with their day. */
  readonly gaps: readonly LogGap[];
  /** Where the next page starts; lines that come later will be there too, also those of an earlier attempt. */
  readonly next: LogPosition;
  readonly hasMore: boolean;
  /** The job has ended, so after the last page nothing more comes (but for late lines of an agent that was cut off). */
  readonly ended: boolean;
}

export type LogsAsked = {
  /** Only lines that hold this text, whatever its case; null for all. */
  readonly text: string | null;
} & (
  | { readonly from: LogPosition; readonly limit: number }
  /** The last lines, in reading order. */
  | { readonly tail: number }
);

/** A batch has some 256 KiB, so this many bound what one page reads. */
const MAX_BATCHES = 24;

/** A page of the log of one job; null when there is no such job. A search may look at much and find nothing: it still gets on. */
export async function readLogs(tx: Tx, jobId: string, asked: LogsAsked): Promise<LogPage | null> {
  const [snapshot] = await readJobSnapshots(tx, [jobId]);
  if (!snapshot) return null;
  const { day, end } = snapshot;
  const isWanted = matching(asked.text);
  const limit = 'tail' in asked ? asked.tail : asked.limit;
  let next = 'tail' in asked ? tailOf(end, asked.tail) : asked.from;
  const lines: LogEntry[] = [];
  const gaps: LogGap[] = [];
  for (let read = 0; read < MAX_BATCHES && lines.length < limit && !reaches(next, end); read++) {
    // The first chunk may begin up to a chunk before the place where the page does.
    const size = asked.text === null ? { ...LOG_BATCH, lines: limit - lines.length + MAX_CHUNK_LINES } : LOG_BATCH;
    const { slices } = await readLogBatch(tx, { jobId, day, from: next, to: end }, size);
    for (const slice of slices) {
      if (lines.length >= limit) break;
      if (slice.lines === null) gaps.push(gapOf(slice));
      next = advanced(next, slice.run, slice.attempt, take(slice, isWanted, limit, lines));
    }
  }
  return { lines, gaps, next, hasMore: !reaches(next, end), ended: isTerminal(snapshot.state) };
}

export const gapOf = ({ run, attempt, first, next }: LogSlice): LogGap => ({
  run,
  attempt,
  fromSeq: first,
  toSeq: next - 1,
  lines: next - first,
});

/** Adds what is wanted of a slice; returns the sequence behind the last line that it looked at. */
function take(slice: LogSlice, isWanted: (line: LogLine) => boolean, limit: number, into: LogEntry[]): number {
  for (const [index, line] of (slice.lines ?? []).entries()) {
    const seq = slice.first + index;
    if (into.length === limit) return seq;
    if (isWanted(line)) into.push({ run: slice.run, attempt: slice.attempt, seq, line });
  }
  return slice.next;
}

function matching(text: string | null): (line: LogLine) => boolean {
  if (text === null) return () => true;
  const wanted = text.toLowerCase();
  return ([, , said]) => said.toLowerCase().includes(wanted);
}
