import type { LogLine } from '../../domain/agent-protocol.ts';

/** What a line costs beside its text: numbers, brackets and quotes in the message. */
const LINE_OVERHEAD = 32;

/** As it counts against every bound. */
export const sizeOf = (line: LogLine): number => Buffer.byteLength(line[2]) + LINE_OVERHEAD;

export const bytesOf = (lines: readonly LogLine[]): number => lines.reduce((sum, line) => sum + sizeOf(line), 0);

/** What stands in a log at the place where lines are missing. */
export const droppedMark = (atMs: number, lines: number): LogLine => [
  atMs,
  'sys',
  `${lines} ${lines === 1 ? 'line' : 'lines'} dropped`,
];
