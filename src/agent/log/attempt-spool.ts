import type { LogLine } from '../../domain/jobs/agent-protocol.ts';
import type { AttemptResult } from '../../domain/jobs/outcome.ts';
import { LineRing } from './line-ring.ts';
import { droppedMark } from './log-line.ts';
import { ATTEMPT_FILE, RESULT_FILE, type Segment, SpoolFiles, takesMore } from './spool-files.ts';
import type { SpooledAttempt, SpoolQuota } from './spool-quota.ts';

const GATHER_MS = 50;
const RETRY_MS = 5_000;

// long: what lies on disk and what waits for it change in the same turns; files, ring and quota are elsewhere.
/**
 * Lines of one attempt on disk, in order, while the gateway does not take them. A segment that may have been sent keeps
 * its numbers; of those that never were, the oldest is dropped when there are too many. What the disk does not take
 * stays in memory, within bounds. Nothing here throws at whoever logs.
 */
export class AttemptSpool {
  readonly attempt: SpooledAttempt;
  readonly #files: SpoolFiles;
  readonly #quota: SpoolQuota;
  readonly #segments: Segment[];
  /** The segment whose lines were handed out last. */
  #head: Segment | null = null;
  #bytes = 0;
  /** What is not on disk yet, or could not be put there. */
  readonly #ring: LineRing;
  #timer: NodeJS.Timeout | undefined;
  #state: 'new' | 'on-disk' | 'removed' = 'new';
  /** Everything that touches the disk, one after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  /** `left`: what an earlier process wrote, in order. */
  constructor(folder: string, attempt: SpooledAttempt, quota: SpoolQuota, left: readonly Segment[] = []) {
    this.attempt = attempt;
    this.#files = new SpoolFiles(folder, quota.limits.freeBytes);
    this.#quota = quota;
    this.#ring = new LineRing(quota.limits.memoryBytes);
    this.#segments = [...left];
    for (const segment of left) this.#resize(segment.bytes);
  }

  /** A program that writes faster than the gateway takes should be held back. */
  get crowded(): boolean {
    return this.#bytes > this.#quota.limits.attemptBytes / 2;
  }

  /** Time of the oldest lines that may be dropped; null when there are none. */
  get oldestMs(): number | null {
    return this.#segments.find((segment) => segment.sentFrom === null)?.atMs ?? null;
  }

  /** Keeps the lines that are perhaps on their way, under the numbers they have. */
  begin(firstSeq: number, front: readonly LogLine[]): void {
    if (front.length === 0) return;
    this.#soon(async () => {
      if (this.#state !== 'removed') this.#head = await this.#create(firstSeq, front, 0);
    });
  }

  add(line: LogLine): void {
    this.#ring.add(line);
    this.#timer ??= setTimeout(() => void this.flush(), GATHER_MS).unref();
  }

  /** The next lines to send, with the number of the first; those handed out before are safe. Null: no more on disk. */
  next(firstSeq: number): Promise<{ readonly firstSeq: number; readonly lines: readonly LogLine[] } | null> {
    return this.#inTurn(async () => {
      if (this.#head !== null) await this.#forget(this.#head);
      this.#head = this.#segments[0] ?? null;
      if (this.#head === null) return null;
      const head = this.#head;
      if (head.sentFrom === null) await this.#files.change(head, { sentFrom: firstSeq });
      const lines = await this.#files.read(head);
      const missing = head.droppedBefore + (lines === null ? (head.lines ?? 1) : 0);
      const mark = missing > 0 ? [droppedMark(head.atMs, missing)] : [];
      return { firstSeq: head.sentFrom!, lines: [...mark, ...(lines ?? [])] };
    });
  }

  /**
   * Hands over what is not on disk and goes, if nothing is left there: in one turn, because a write that came between the
   * two was removed with the folder. False: something came to the disk since `next` said that there is no more.
   */
  finish(takeOver: (rest: readonly LogLine[]) => void): Promise<boolean> {
    return this.#inTurn(async () => {
      if (this.#segments.length > 0) return false;
      const { lines, missing, missingAtMs } = this.#ring.cut(Number.POSITIVE_INFINITY);
      takeOver(missing > 0 ? [droppedMark(missingAtMs, missing), ...lines] : lines);
      await this.#remove();
      return true;
    });
  }

  keepResult(result: AttemptResult): void {
    this.#soon(async () => {
      if (this.#state === 'removed') return;
      await this.#toDisk();
      await this.#files.writeMeta(RESULT_FILE, result);
    });
  }

  unsentResult(): Promise<AttemptResult | null> {
    return this.#inTurn(() => this.#files.readMeta<AttemptResult>(RESULT_FILE));
  }

  /** Writes what has gathered. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return this.#inTurn(() => this.#writeBuffer());
  }

  /** Drops the oldest lines that were never sent, and leaves a mark in their place. */
  dropOldest(): Promise<void> {
    return this.#inTurn(() => this.#dropOldest());
  }

  remove(): Promise<void> {
    return this.#inTurn(() => this.#remove());
  }

  async #remove(): Promise<void> {
    this.#state = 'removed';
    clearTimeout(this.#timer);
    this.#segments.length = 0;
    this.#resize(-this.#bytes);
    await this.#files.remove();
    this.#quota.removed();
  }

  async #writeBuffer(): Promise<void> {
    while (!this.#ring.isEmpty && this.#state !== 'removed') {
      const cut = this.#ring.cut(this.#quota.limits.segmentBytes);
      const tail = this.#segments.at(-1);
      try {
        if (tail && cut.missing === 0 && takesMore(tail, this.#quota.limits.segmentBytes))
          await this.#append(tail, cut.lines);
        else await this.#create(null, cut.lines, cut.missing);
      } catch {
        // A full or read-only disk: they wait in memory, and the disk is tried again later.
        this.#ring.putBack(cut);
        this.#timer ??= setTimeout(() => void this.flush(), RETRY_MS).unref();
        return;
      }
      await this.#dropWhatIsTooMuch(cut.lines.at(-1)![0]);
    }
  }

  async #dropWhatIsTooMuch(nowMs: number): Promise<void> {
    const tooMuch = () =>
      this.#bytes > this.#quota.limits.attemptBytes || (this.oldestMs ?? nowMs) < nowMs - this.#quota.limits.ageMs;
    while (this.oldestMs !== null && tooMuch()) await this.#dropOldest();
  }

  async #dropOldest(): Promise<void> {
    const at = this.#segments.findIndex((segment) => segment.sentFrom === null);
    const gone = this.#segments[at];
    if (!gone) return;
    const missing = gone.droppedBefore + (gone.lines ?? (await this.#files.read(gone))?.length ?? 0);
    const heir = this.#segments[at + 1];
    // The heir says it first: killed between the two, a log may say that too much is missing, never too little.
    if (heir) await this.#files.change(heir, { droppedBefore: heir.droppedBefore + missing });
    else this.#ring.miss(missing, gone.atMs);
    await this.#forget(gone);
  }

  async #create(sentFrom: number | null, lines: readonly LogLine[], droppedBefore: number): Promise<Segment> {
    await this.#toDisk();
    const ordinal = (this.#segments.at(-1)?.ordinal ?? 0) + 1;
    const made = await this.#files.create({ ordinal, sentFrom, droppedBefore }, lines);
    this.#segments.push(made);
    this.#resize(made.bytes);
    return made;
  }

  async #append(tail: Segment, lines: readonly LogLine[]): Promise<void> {
    const before = tail.bytes;
    await this.#files.append(tail, lines);
    this.#resize(tail.bytes - before);
  }

  async #toDisk(): Promise<void> {
    if (this.#state !== 'new') return;
    await this.#files.writeMeta(ATTEMPT_FILE, this.attempt);
    this.#state = 'on-disk';
  }

  async #forget(segment: Segment): Promise<void> {
    const at = this.#segments.indexOf(segment);
    if (at !== -1) this.#segments.splice(at, 1);
    this.#resize(-segment.bytes);
    await this.#files.forget(segment);
  }

  #resize(bytes: number): void {
    this.#bytes += bytes;
    this.#quota.resized(bytes);
  }

  /** For what may fail: a disk that does not take it costs no more than what it would have kept. */
  #soon(work: () => Promise<void>): void {
    this.#inTurn(work).catch(() => {});
  }

  /** Runs after everything before; what fails does not stop what comes after it. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }
}
