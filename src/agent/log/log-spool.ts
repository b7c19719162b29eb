import { createHash } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AttemptSpool } from './attempt-spool.ts';
import { ATTEMPT_FILE, type Segment, SpoolFiles } from './spool-files.ts';
import type { SpooledAttempt, SpoolLimits, SpoolQuota } from './spool-quota.ts';

const MIB = 1024 * 1024;

export const SPOOL_LIMITS: SpoolLimits = {
  // As much as an attempt may log at all: a gateway or a log store that is away for a while loses nothing.
  attemptBytes: 256 * MIB,
  folderBytes: 512 * MIB,
  freeBytes: 256 * MIB,
  // More than the memory of a sender, which is emptied into it at once.
  memoryBytes: 12 * MIB,
  segmentBytes: MIB,
  ageMs: 24 * 3_600_000,
};

/** The folder where lines wait that the gateway does not take: one folder an attempt, all of them together within a bound. */
export class LogSpool {
  readonly #folder: string;
  readonly #limits: SpoolLimits;
  readonly #spools = new Set<AttemptSpool>();
  #bytes = 0;
  #opened = 0;
  #dropping = false;

  constructor(folder: string, limits: SpoolLimits = SPOOL_LIMITS) {
    this.#folder = folder;
    this.#limits = limits;
  }

  /** Touches the disk when the first line comes. */
  open(attempt: SpooledAttempt): AttemptSpool {
    // A folder of its own each time: the one of before may be about to be removed.
    return this.#made(join(this.#folder, `${nameOf(attempt)}-${++this.#opened}`), attempt);
  }

  /** What an earlier process could not deliver, the oldest attempt first. Ask before the first attempt of this one. */
  async unsent(): Promise<AttemptSpool[]> {
    const left: { spool: AttemptSpool; sinceMs: number }[] = [];
    for (const name of await readdir(this.#folder).catch(() => [])) {
      const folder = join(this.#folder, name);
      const files = new SpoolFiles(folder, this.#limits.freeBytes);
      const attempt = await files.readMeta<SpooledAttempt>(ATTEMPT_FILE);
      const segments = attempt && (await files.left().catch(() => null));
      // Nobody can deliver what has no token; and a folder that was half removed is none.
      if (!attempt || !segments) await rm(folder, { recursive: true, force: true }).catch(() => {});
      else left.push({ spool: this.#made(folder, attempt, segments), sinceMs: segments[0]?.atMs ?? 0 });
    }
    return left.sort((a, b) => a.sinceMs - b.sinceMs).map(({ spool }) => spool);
  }

  #made(folder: string, attempt: SpooledAttempt, left: readonly Segment[] = []): AttemptSpool {
    const quota: SpoolQuota = {
      limits: this.#limits,
      resized: (bytes) => this.#resized(bytes),
      removed: () => void this.#spools.delete(spool),
    };
    const spool: AttemptSpool = new AttemptSpool(folder, attempt, quota, left);
    this.#spools.add(spool);
    return spool;
  }

  #resized(bytes: number): void {
    this.#bytes += bytes;
    if (bytes > 0 && this.#bytes > this.#limits.folderBytes && !this.#dropping) void this.#dropOldest();
  }

  async #dropOldest(): Promise<void> {
    let oldest: AttemptSpool | null = null;
    for (const spool of this.#spools)
      if (spool.oldestMs !== null && spool.oldestMs < (oldest?.oldestMs ?? Number.POSITIVE_INFINITY)) oldest = spool;
    this.#dropping = true;
    await oldest?.dropOldest();
    this.#dropping = false;
  }
}

const nameOf = ({ token }: SpooledAttempt): string => createHash('sha256').update(token).digest('hex').slice(0, 32);
