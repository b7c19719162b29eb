import type { LogLine } from '../../domain/jobs/agent-protocol.ts';

/** What stands in a log at the place where lines are missing. */
export const droppedMark = (atMs: number, lines: number): LogLine => [
  atMs,
  'sys',
  `${lines} ${lines === 1 ? 'line' : 'lines'} dropped`,
];
