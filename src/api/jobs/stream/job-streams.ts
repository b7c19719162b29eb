import type { Kysely } from 'kysely';
import type { Database } from '../../../db/core/database.ts';
import type { JobSnapshot } from '../../../db/jobs/job-snapshots.ts';
import type { JobView } from '../../../db/jobs/jobs.ts';
import type { Principal } from '../../../domain/core/authorize.ts';
import type { LogPosition } from '../../../domain/logs/log-position.ts';
import type { Clock } from '../../../lib/clock.ts';
import { asError, Failure } from '../../../lib/failure.ts';
import type { Log } from '../../../lib/log.ts';
import { RateLimiter } from '../../../lib/rate-limiter.ts';
import { hasShare } from '../../core/fair-share.ts';
import { type CloseReason, recheckPermissions } from '../../core/recheck-permissions.ts';
import { Semaphore } from '../../core/semaphore.ts';
import type { StreamLimits } from '../../core/stream-limits.ts';
import { BEAT, frame } from './frames.ts';
import { History } from './history.ts';
import { JobFeed } from './job-feed.ts';
import { type Refreshed, refreshFeeds } from './refresh.ts';
import type { Viewer } from './viewer.ts';

interface StreamParts {
  readonly database: Database;
  readonly authDb: Kysely<unknown>;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Hints come from several processes, at their own pace; a refresh costs a transaction for each organisation that is watched. So one
 * each 10 ms over time; two may follow each other, because a short job begins and ends within that.
 */
const REFRESHES = { places: 2, restMs: 20 };
const REFRESHES_AT_ONCE = 2;

const holder = ({ userId, keyId }: Principal): string => keyId ?? userId;

/** Times what is left: most of the streams for an only organisation, and some for each that comes beside it. */
const SHARE_OF_ORGANIZATION = 9;
const tooMany = (message: string) => new Failure('too-many-streams', message, { fault: 'caller' });

/** A stream that shows that it lives but has nothing to tell would be a lie after so many seconds. */
const MOST_FAILURES = 5;

type Closing = CloseReason | 'restarting' | 'unavailable';
const CLOSING: Readonly<Record<Closing, string>> = {
  unauthenticated: 'The credential is no longer valid.',
  forbidden: 'You may no longer read the log of this job.',
  restarting: 'This server stops; connect again with the last id.',
  unavailable: 'The job cannot be read at the moment; connect again with the last id.',
};

// long: the one place that knows when something is looked at; its parts (feed, history, outlet, viewer) stand beside it
/**
 * All job streams of a process. While somebody watches, one reader looks after each hint and once a second, at all that is
 * watched of an organisation together. While nobody does, nothing runs.
 */
export class JobStreams {
  readonly #parts: StreamParts;
  readonly #limits: StreamLimits;
  readonly #history: History;
  readonly #semaphore = new Semaphore(REFRESHES_AT_ONCE);
  readonly #limiter = new RateLimiter(REFRESHES.places, REFRESHES.restMs);
  /** By organisation and job. */
  readonly #watched = new Map<string, Map<string, JobFeed>>();
  readonly #viewers = new Set<Viewer>();
  /** Streams of each holder of a credential, and of each organisation. */
  readonly #counts = new Map<string, number>();
  #timers: NodeJS.Timeout[] = [];
  #unlisten: () => void = () => {};
  /** No stream begins any more; one whose request was under way would hold up the end for as long as it is read. */
  #closed = false;
  #refreshing = false;
  #hinted = false;
  /** The next refresh also asks for what changes without a trace in the job's own row: whom it waits behind, a host that went away. */
  #thorough = false;
  /** Refreshes of a tick in a row that failed; those of hints may come together. */
  #failures = 0;

  constructor(parts: StreamParts, limits: StreamLimits) {
    this.#parts = parts;
    this.#limits = limits;
    this.#history = new History(parts.database);
  }

  /** Refuses who has too many already. */
  assertRoom(principal: Principal): void {
    const mine = this.#counts.get(holder(principal)) ?? 0;
    const ours = this.#counts.get(principal.orgId) ?? 0;
    const { streams, streamsOfOne } = this.#limits;
    if (mine >= streamsOfOne) throw tooMany(`You have ${mine} open streams, as many as one may.`);
    if (!hasShare(ours, this.#viewers.size, streams, SHARE_OF_ORGANIZATION))
      throw tooMany(`Your organisation has ${ours} open streams, its share of what this server can.`);
  }

  /** Shows the job to the viewer from this position on, until one of them ends. */
  open(viewer: Viewer, orgId: string, snapshot: JobSnapshot, job: JobView, from: LogPosition): void {
    const feed = this.#feedOf(orgId, snapshot, job);
    this.#viewers.add(viewer);
    this.#count(viewer, 1);
    feed.add(viewer);
    if (this.#viewers.size === 1) this.#wake();
    // When all is counted: a reader that left meanwhile is taken out again at once.
    viewer.outlet.onGone((why) => this.#leave(viewer, orgId, job.id, why));
    if (this.#closed) this.#dismiss(viewer, 'restarting');
    // A hint from before we listened, or from before the feed knew this job, will not come again.
    this.#refresh();
    viewer.catchUp(feed, from, this.#history).catch((thrown) => {
      this.#parts.log.warn({ err: asError(thrown), jobId: job.id }, 'stream read failed');
      viewer.outlet.cut('the log could not be read');
    });
  }

  /** Every reader gets a clean end and may come back to another process. */
  close(): void {
    this.#closed = true;
    this.#dismissAll('restarting');
  }

  #feedOf(orgId: string, snapshot: JobSnapshot, job: JobView): JobFeed {
    const feeds = this.#watched.get(orgId) ?? new Map<string, JobFeed>();
    const feed = feeds.get(job.id) ?? new JobFeed(snapshot, job, this.#limits);
    this.#watched.set(orgId, feeds.set(job.id, feed));
    return feed;
  }

  #count({ principal }: Viewer, by: number): void {
    for (const who of [holder(principal), principal.orgId]) {
      const now = (this.#counts.get(who) ?? 0) + by;
      if (now > 0) this.#counts.set(who, now);
      else this.#counts.delete(who);
    }
  }

  #leave(viewer: Viewer, orgId: string, jobId: string, why: string): void {
    this.#viewers.delete(viewer);
    this.#count(viewer, -1);
    const feeds = this.#watched.get(orgId);
    const feed = feeds?.get(jobId);
    feed?.watchers.delete(viewer);
    if (feed?.watchers.size === 0) {
      feed.stop();
      feeds!.delete(jobId);
      if (feeds!.size === 0) this.#watched.delete(orgId);
    }
    this.#parts.log.debug({ jobId, why, streams: this.#viewers.size }, 'stream ended');
    if (this.#viewers.size === 0) this.#sleep();
  }

  #dismissAll(code: Closing): void {
    for (const viewer of this.#viewers) this.#dismiss(viewer, code);
  }

  #dismiss(viewer: Viewer, code: Closing): void {
    viewer.dismiss(frame('closed', { code, detail: CLOSING[code] }));
  }

  #wake(): void {
    this.#unlisten = this.#parts.database.onNotified(() => this.#refresh());
    const tick = () => {
      this.#thorough = true;
      this.#refresh();
      void this.#askAgain();
    };
    const beat = () => {
      for (const viewer of this.#viewers) viewer.outlet.beat(BEAT);
    };
    this.#timers = [setInterval(tick, this.#limits.tickMs), setInterval(beat, this.#limits.beatMs)];
  }

  #sleep(): void {
    this.#unlisten();
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers = [];
  }

  /** May everybody still see what they see? A database that does not answer gives nobody new lines either. */
  async #askAgain(): Promise<void> {
    try {
      for (const [viewer, reason] of await recheckPermissions(this.#parts, [...this.#viewers]))
        this.#dismiss(viewer, reason);
    } catch (thrown) {
      this.#parts.log.warn({ err: asError(thrown) }, 'permission recheck failed');
    }
  }

  #refresh(): void {
    this.#hinted = true;
    if (!this.#refreshing) void this.#refreshWhileHinted();
  }

  async #refreshWhileHinted(): Promise<void> {
    this.#refreshing = true;
    let more = false;
    while (this.#hinted && this.#watched.size > 0) {
      if (!more) await this.#limiter.wait();
      this.#hinted = false;
      const found = await this.#refreshAll();
      more = found.includes('more');
      // Where lines come more do: hints are rare in a flood (four in 80 ms), and a quiet job would wait for one.
      if (more || found.includes('lines')) this.#hinted = true;
    }
    this.#refreshing = false;
  }

  /** One refresh of everything that is watched, by organisation. */
  async #refreshAll(): Promise<readonly Refreshed[]> {
    const thorough = this.#thorough;
    this.#thorough = false;
    const { database, log } = this.#parts;
    try {
      const refreshes = [...this.#watched].map(([orgId, feeds]) =>
        this.#semaphore.take(() => database.inOrganization(orgId, (tx) => refreshFeeds(tx, new Map(feeds), thorough))),
      );
      const found = await Promise.all(refreshes);
      this.#failures = 0;
      return found;
    } catch (thrown) {
      // The next tick looks again; viewers miss nothing by that.
      if (thorough) this.#failures++;
      log.warn({ err: asError(thrown), failures: this.#failures }, 'reading watched jobs failed');
      if (this.#failures >= MOST_FAILURES) this.#dismissAll('unavailable');
      return [];
    }
  }
}
