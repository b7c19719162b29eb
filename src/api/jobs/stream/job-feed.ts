import type { JobPulse } from '../../../db/jobs/job-watch.ts';
import type { JobView } from '../../../db/jobs/jobs.ts';
import type { Lack, LogPiece } from '../../../db/logs/log-pieces.ts';
import { isTerminal } from '../../../domain/jobs/job-state.ts';
import { advanced, type LogPosition, printPosition, reaches } from '../../../domain/logs/log-position.ts';
import type { StreamLimits } from '../../core/stream-limits.ts';
import { presentSharedJob } from '../job-schema.ts';
import { endId, frame, pieceFrames } from './frames.ts';

/** Who watches a job. Lines are written to it only once it is live: before that it reads them for itself. */
export interface Watcher {
  live: boolean;
  /** Of the job's row as it was shown; an older one is never written behind it. */
  readonly shownVersion: number;
  write(frames: Buffer | string): void;
  /** The last words. */
  end(frames: string): void;
}

/** What was written lately, for those who are about to join. */
interface Recent {
  /** The position in front of it, as text. */
  readonly before: string;
  readonly frames: Buffer;
}

type FeedLimits = Pick<StreamLimits, 'recentBytes' | 'progressMs' | 'lateLinesMs'>;

/**
 * One job as its viewers in this process see it: what one reader read is encoded once and written to all of them. Knows
 * neither the database nor sockets.
 */
export class JobFeed {
  readonly watchers = new Set<Watcher>();
  readonly #limits: FeedLimits;
  #pulse: JobPulse;
  #job: JobView;
  /** Everything before it was written to those who are live. */
  #position: LogPosition;
  #recent: Recent[] = [];
  #recentBytes = 0;
  #shownProgressAt: string | null;
  #progressPause: NodeJS.Timeout | null = null;
  /** Since when the job has ended and no line came; null before. */
  #silentSinceMs: number | null = null;
  #lateGivenUp = false;
  #looked = Promise.withResolvers<void>();

  /** What the log holds by now is history: each viewer reads it for itself. */
  constructor(pulse: JobPulse, job: JobView, limits: FeedLimits) {
    this.#pulse = pulse;
    this.#job = job;
    this.#position = pulse.end;
    this.#shownProgressAt = pulse.progressAt;
    this.#limits = limits;
  }

  get position(): LogPosition {
    return this.#position;
  }

  /** There are lines behind its position. */
  get isBehind(): boolean {
    return !reaches(this.#position, this.#pulse.end);
  }

  get isUnderWay(): boolean {
    return !isTerminal(this.#job.state);
  }

  /** The lines that the reader has to bring. */
  get lack(): Lack {
    return this.#to(this.#position, this.#pulse.end);
  }

  /** The lines that somebody who stands here has to read for itself. */
  history(from: LogPosition): Lack {
    return this.#to(from, this.#position);
  }

  /** Resolves when the reader has looked the next time. */
  get looked(): Promise<void> {
    return this.#looked.promise;
  }

  add(watcher: Watcher): void {
    this.watchers.add(watcher);
    if (this.#job.version > watcher.shownVersion) this.#showJob(watcher);
  }

  /** What the reader saw. True when the row changed, so that it has to be read whole. */
  see(pulse: JobPulse): boolean {
    this.#pulse = pulse;
    return pulse.version > this.#job.version;
  }

  /** The row, read after the pulse. */
  learn(job: JobView): void {
    const changed = job.version > this.#job.version || JSON.stringify(job.wait) !== JSON.stringify(this.#job.wait);
    this.#job = job;
    if (changed) for (const watcher of this.watchers) this.#showJob(watcher);
  }

  /** Lines at the position, read by the reader. */
  push(piece: LogPiece): void {
    const frames = pieceFrames(piece, this.#position);
    this.#keep({ before: printPosition(this.#position), frames });
    this.#position = advanced(this.#position, piece.run, piece.attempt, piece.next);
    this.#silentSinceMs = null;
    for (const watcher of this.watchers) if (watcher.live) watcher.write(frames);
  }

  /** The look is over: progress is shown, and who has seen the end of a job that ended is done. */
  settle(): void {
    this.#showProgress();
    const { state, atMs } = this.#pulse;
    if (isTerminal(state)) this.#silentSinceMs ??= atMs;
    this.#lateGivenUp = this.#silentSinceMs !== null && atMs - this.#silentSinceMs >= this.#limits.lateLinesMs;
    if (this.#ended) for (const watcher of this.watchers) if (watcher.live) this.#showEnd(watcher);
    this.#looked.resolve();
    this.#looked = Promise.withResolvers<void>();
  }

  /** Takes a watcher that has read up to `position` among the live ones, if what it lacks is at hand. */
  admit(watcher: Watcher, position: LogPosition): boolean {
    const text = printPosition(position);
    const from = this.#recent.findIndex((one) => one.before === text);
    if (from === -1 && text !== printPosition(this.#position)) return false;
    if (from !== -1) for (const { frames } of this.#recent.slice(from)) watcher.write(frames);
    watcher.live = true;
    if (this.#ended) this.#showEnd(watcher);
    return true;
  }

  stop(): void {
    if (this.#progressPause !== null) clearTimeout(this.#progressPause);
    this.#looked.resolve();
  }

  /** The whole log up to the end that was seen together with the terminal state has been written, and no more is to come. */
  get #ended(): boolean {
    if (!isTerminal(this.#pulse.state) || !isTerminal(this.#job.state) || this.isBehind) return false;
    return !this.#pulse.moreLines || this.#lateGivenUp;
  }

  #to(from: LogPosition, to: LogPosition): Lack {
    return { jobId: this.#pulse.id, day: this.#pulse.day, from, to };
  }

  #keep(one: Recent): void {
    this.#recent.push(one);
    this.#recentBytes += one.frames.length;
    // The newest stays whatever its size: somebody who joins is at most one look behind.
    while (this.#recentBytes > this.#limits.recentBytes && this.#recent.length > 1)
      this.#recentBytes -= this.#recent.shift()!.frames.length;
  }

  /** A terminal row is told by the end alone, unless that has to wait for lines. */
  #showJob(watcher: Watcher): void {
    const endTellsIt = isTerminal(this.#job.state) && !this.#pulse.moreLines;
    if (endTellsIt || this.#job.version < watcher.shownVersion) return;
    watcher.write(frame('state', presentSharedJob(this.#job)));
  }

  #showEnd(watcher: Watcher): void {
    const last = { job: presentSharedJob(this.#job), logComplete: this.#pulse.logComplete };
    watcher.end(frame('end', last, endId(this.#position)));
  }

  /** The newest at once, then the newest of each pause. */
  #showProgress(): void {
    const { progress, progressAt, version, state } = this.#pulse;
    if (
      this.#progressPause !== null ||
      progressAt === null ||
      progressAt === this.#shownProgressAt ||
      isTerminal(state)
    )
      return;
    this.#shownProgressAt = progressAt;
    const frames = frame('progress', { progress, progressAt: new Date(progressAt).toISOString(), version });
    for (const watcher of this.watchers) watcher.write(frames);
    this.#progressPause = setTimeout(() => {
      this.#progressPause = null;
      this.#showProgress();
    }, this.#limits.progressMs);
  }
}
