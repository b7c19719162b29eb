import { gapOf } from '../../../db/jobs/job-logs.ts';
import type { LogSlice } from '../../../db/logs/log-slices.ts';
import { advanced, type LogPosition, parsePosition, printPosition } from '../../../domain/logs/log-position.ts';
import { presentLine } from '../../logs/job-log-schema.ts';

/** One server-sent event. JSON has no line breaks of its own, so the data is always one line. */
export function frame(event: string, data: unknown, id?: string): string {
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** A comment, which readers pass over: it shows both ends that the other one is there. */
export const BEAT = ': beat\n\n';

/** The lines of a slice, each with the id to go on behind it; `before` is the position where the slice starts. */
export function sliceFrames(slice: LogSlice, before: LogPosition): Buffer {
  const { run, attempt, first, next, lines } = slice;
  const idAt = (seq: number) => printPosition(advanced(before, run, attempt, seq));
  if (lines === null) return Buffer.from(frame('gap', gapOf(slice), idAt(next)));
  // Only one number of the id changes from line to line.
  const [head, tail] = idAt(first + 1).split(`${run}.${attempt}.${first + 1}`) as [string, string];
  const text = lines.map((line, index) => {
    const seq = first + index;
    const id = `${head}${run}.${attempt}.${seq + 1}${tail}`;
    return frame('line', presentLine({ run, attempt, seq }, line), id);
  });
  return Buffer.from(text.join(''));
}

const END_MARK = '~end';

/** The id of the last event: who comes back with it has seen all there is. */
export const endId = (position: LogPosition): string => `${printPosition(position)}${END_MARK}`;

/** What a `Last-Event-ID` says: where to go on, that nothing is left, or (null) nothing that we understand. */
export function readEventId(text: string): LogPosition | 'ended' | null {
  if (text.endsWith(END_MARK)) return parsePosition(text.slice(0, -END_MARK.length)) === null ? null : 'ended';
  return parsePosition(text);
}
