import type { LogLine } from './agent-protocol.ts';

/** What a line costs beside its text: numbers, brackets and quotes in the message. */
const LINE_OVERHEAD = 32;

/** As it counts against every bound. */
export const sizeOf = (line: LogLine): number => Buffer.byteLength(line[2]) + LINE_OVERHEAD;

export const bytesOf = (lines: readonly LogLine[]): number => lines.reduce((sum, line) => sum + sizeOf(line), 0);

/** Marks of what an agent dropped may exceed its own bound: an honest one never meets the gateway's. */
const ROOM_FOR_MARKS = 1024 * 1024;

/** What the gateway keeps of an attempt's log, given what the kind allows: a host is not trusted to hold itself back. */
export const keptBytes = (logBytes: number): number => logBytes + ROOM_FOR_MARKS;
