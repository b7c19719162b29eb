import type { JobSnapshot } from '../../../db/jobs/job-snapshots.ts';
import type { JobView } from '../../../db/jobs/jobs.ts';
import type { LogRange, LogSlice } from '../../../db/logs/log-slices.ts';
import { isTerminal } from '../../../domain/jobs/job-state.ts';
import { advanced, type LogPosition, printPosition, reaches } from '../../../domain/logs/log-position.ts';
import type { StreamLimits } from '../../core/stream-limits.ts';
import { presentSharedJob } from '../job-schema.ts';
import { endId, frame, sliceFrames } from './frames.ts';

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
  #snapshot: JobSnapshot;
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
  #refreshed = Promise.withResolvers<void>();

  /** What the log holds by now is history: each viewer reads it for itself. */
  constructor(snapshot: JobSnapshot, job: JobView, limits: FeedLimits) {
    this.#snapshot = snapshot;
    this.#job = job;
    this.#position = snapshot.end;
    this.#shownProgressAt = snapshot.progressAt;
    this.#limits = limits;
  }

  get position(): LogPosition {
    return this.#position;
  }

  /** There are lines behind its position. */
  get isBehind(): boolean {
    return !reaches(this.#position, this.#snapshot.end);
  }

  get isUnderWay(): boolean {
    return !isTerminal(this.#job.state);
  }

  /** The lines that the reader has to bring. */
  get missing(): LogRange {
    return this.#to(this.#position, this.#snapshot.end);
  }

  /** The lines that somebody who stands here has to read for itself. */
  history(from: LogPosition): LogRange {
    return this.#to(from, this.#position);
  }

  /** Resolves when the reader has refreshed the next time. */
  get refreshed(): Promise<void> {
    return this.#refreshed.promise;
  }

  add(watcher: Watcher): void {
    this.watchers.add(watcher);
    if (this.#job.version > watcher.shownVersion) this.#showJob(watcher);
  }

  /** What the reader saw. True when the row changed, so that it has to be read whole. */
  see(snapshot: JobSnapshot): boolean {
    this.#snapshot = snapshot;
    return snapshot.version > this.#job.version;
  }

  /** The row, read after the snapshot. */
  learn(job: JobView): void {
    const changed = job.version > this.#job.version || JSON.stringify(job.wait) !== JSON.stringify(this.#job.wait);
    this.#job = job;
    if (changed) for (const watcher of this.watchers) this.#showJob(watcher);
  }

  /** Lines at the position, read by the reader. */
  push(slice: LogSlice): void {
    const frames = sliceFrames(slice, this.#position);
    this.#keep({ before: printPosition(this.#position), frames });
    this.#position = advanced(this.#position, slice.run, slice.attempt, slice.next);
    this.#silentSinceMs = null;
    for (const watcher of this.watchers) if (watcher.live) watcher.write(frames);
  }

  /** The refresh is over: progress is shown, and who has seen the end of a job that ended is done. */
  settle(): void {
    this.#showProgress();
    const { state, atMs } = this.#snapshot;
    if (isTerminal(state)) this.#silentSinceMs ??= atMs;
    this.#lateGivenUp = this.#silentSinceMs !== null && atMs - this.#silentSinceMs >= this.#limits.lateLinesMs;
    if (this.#ended) for (const watcher of this.watchers) if (watcher.live) this.#showEnd(watcher);
    this.#refreshed.resolve();
    this.#refreshed = Promise.withResolvers<void>();
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
    this.#refreshed.resolve();
  }

  /** The whole log up to the end that was seen together with the terminal state has been written, and no more is to come. */
  get #ended(): boolean {
    if (!isTerminal(this.#snapshot.state) || !isTerminal(this.#job.state) || this.isBehind) return false;
    return !this.#snapshot.moreLines || this.#lateGivenUp;
  }

  #to(from: LogPosition, to: LogPosition): LogRange {
    return { jobId: this.#snapshot.id, day: this.#snapshot.day, from, to };
  }

  #keep(one: Recent): void {
    this.#recent.push(one);
    this.#recentBytes += one.frames.length;
    // The newest stays whatever its size: somebody who joins is at most one refresh behind.
    while (this.#recentBytes > this.#limits.recentBytes && this.#recent.length > 1)
      this.#recentBytes -= this.#recent.shift()!.frames.length;
  }

  /** A terminal row is told by the end alone, unless that has to wait for lines. */
  #showJob(watcher: Watcher): void {
    const endTellsIt = isTerminal(this.#job.state) && !this.#snapshot.moreLines;
    if (endTellsIt || this.#job.version < watcher.shownVersion) return;
    watcher.write(frame('state', presentSharedJob(this.#job)));
  }

  #showEnd(watcher: Watcher): void {
    const last = { job: presentSharedJob(this.#job), logComplete: this.#snapshot.logComplete };
    watcher.end(frame('end', last, endId(this.#position)));
  }

  /** The newest at once, then the newest of each pause. */
  #showProgress(): void {
    const { progress, progressAt, version, state } = this.#snapshot;
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
