import { appendFile, mkdir, readdir, readFile, rename, rm, stat, statfs, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LogLine } from '../../domain/jobs/agent-protocol.ts';

/** A file of lines. What it is called says all that a later process has to know of it. */
export interface Segment {
  readonly ordinal: number;
  /** What it is called on disk: the same as it says here, unless the disk refused a change. */
  file: string;
  /** Number of its first line once it may have been sent, which then holds for ever; null while nobody saw it. */
  sentFrom: number | null;
  /** Lines that are missing before its first one. */
  droppedBefore: number;
  bytes: number;
  /** Null when an earlier process wrote it and nobody has counted. */
  lines: number | null;
  /** Time of its newest line, or of the file. */
  atMs: number;
  /** Nothing more is appended: an append to it failed. */
  sealed: boolean;
}

export const ATTEMPT_FILE = 'attempt.json';
export const RESULT_FILE = 'result.json';

/** May lines be appended to it? Not to one that may have been sent: its lines are numbered. */
export function takesMore(segment: Segment, mostBytes: number): boolean {
  return segment.sentFrom === null && !segment.sealed && segment.bytes < mostBytes;
}

const NAME = /^(s|p)-(\d{1,15})-(\d{1,9})-(\d{1,12})\.jsonl$/;

type Named = Pick<Segment, 'ordinal' | 'sentFrom' | 'droppedBefore'>;

const nameOf = ({ ordinal, sentFrom, droppedBefore }: Named): string =>
  `${sentFrom === null ? 'p' : 's'}-${sentFrom ?? 0}-${ordinal}-${droppedBefore}.jsonl`;

/** The files of one attempt's spool. Owner only: lines are masked, but they are nobody else's business. */
export class SpoolFiles {
  readonly folder: string;
  readonly #freeBytes: number;

  /** `freeBytes`: with less left on the disk nothing new is begun. */
  constructor(folder: string, freeBytes: number) {
    this.folder = folder;
    this.#freeBytes = freeBytes;
  }

  /** Whole or not at all. */
  async writeMeta(name: string, value: unknown): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const path = join(this.folder, name);
    await writeFile(`${path}.new`, JSON.stringify(value), { mode: 0o600 });
    await rename(`${path}.new`, path);
  }

  /** Null when it is not there or cannot be read as what was written. */
  async readMeta<Value>(name: string): Promise<Value | null> {
    try {
      return JSON.parse(await readFile(join(this.folder, name), 'utf8')) as Value;
    } catch {
      return null;
    }
  }

  async create(named: Named, lines: readonly LogLine[]): Promise<Segment> {
    const { bavail, bsize } = await statfs(this.folder);
    if (bavail * bsize < this.#freeBytes) throw new Error('the disk is nearly full');
    const data = textOf(lines);
    const bytes = Buffer.byteLength(data);
    const atMs = lines.at(-1)![0];
    const segment = { ...named, file: nameOf(named), bytes, lines: lines.length, atMs, sealed: false };
    await writeFile(this.#path(segment), data, { mode: 0o600 }).catch(async (thrown) => {
      await rm(this.#path(segment), { force: true }).catch(() => {});
      throw thrown;
    });
    return segment;
  }

  async append(segment: Segment, lines: readonly LogLine[]): Promise<void> {
    const data = textOf(lines);
    try {
      await appendFile(this.#path(segment), data);
    } catch (thrown) {
      // Half of it may be there, and all of it comes again in another file.
      segment.sealed = true;
      await truncate(this.#path(segment), segment.bytes).catch(() => {});
      throw thrown;
    }
    segment.bytes += Buffer.byteLength(data);
    segment.lines = (segment.lines ?? 0) + lines.length;
    segment.atMs = lines.at(-1)![0];
  }

  /** A change of what the name says. When the disk refuses it, the change holds for this process only. */
  async change(segment: Segment, change: Partial<Pick<Segment, 'sentFrom' | 'droppedBefore'>>): Promise<void> {
    Object.assign(segment, change);
    const file = nameOf(segment);
    try {
      await rename(this.#path(segment), join(this.folder, file));
      segment.file = file;
    } catch {
      // It keeps its old name, and is still found by it.
    }
  }

  /** Null when it cannot be read any more. A last line that was only half written is not one. */
  async read(segment: Segment): Promise<LogLine[] | null> {
    try {
      const data = await readFile(this.#path(segment));
      const rows = data.subarray(0, segment.bytes).toString('utf8').split('\n').slice(0, -1);
      return rows.map((row) => JSON.parse(row) as LogLine);
    } catch {
      return null;
    }
  }

  async forget(segment: Segment): Promise<void> {
    await rm(this.#path(segment), { force: true }).catch(() => {});
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true }).catch(() => {});
  }

  /** What an earlier process left, in the order in which it has to be sent. */
  async left(): Promise<Segment[]> {
    const found: Segment[] = [];
    for (const file of await readdir(this.folder)) {
      const [, kind, sentFrom, ordinal, droppedBefore] = NAME.exec(file) ?? [];
      if (kind === undefined) continue;
      const { size, mtimeMs } = await stat(join(this.folder, file));
      found.push({
        ordinal: Number(ordinal),
        file,
        sentFrom: kind === 's' ? Number(sentFrom) : null,
        droppedBefore: Number(droppedBefore),
        bytes: size,
        lines: null,
        atMs: mtimeMs,
        sealed: true,
      });
    }
    return found.sort((a, b) => a.ordinal - b.ordinal);
  }

  #path(segment: Segment): string {
    return join(this.folder, segment.file);
  }
}

const textOf = (lines: readonly LogLine[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('');
