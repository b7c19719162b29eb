import type { Principal } from '../../../domain/core/authorize.ts';
import { type LogPosition, reaches } from '../../../domain/logs/log-position.ts';
import type { History } from './history.ts';
import type { JobFeed, Watcher } from './job-feed.ts';
import type { Outlet } from './outlet.ts';

/** A reader behind a thin line may need this long for the end of a log. */
const LAST_LINES_MS = 30_000;
/** Who may no longer read has a second to hear so. */
const DISMISSAL_MS = 1_000;

/** Somebody who watches a job over one connection. */
export class Viewer implements Watcher {
  readonly principal: Principal;
  readonly siteId: string | null;
  readonly shownVersion: number;
  readonly outlet: Outlet;
  live = false;

  constructor(outlet: Outlet, who: { principal: Principal; siteId: string | null; shownVersion: number }) {
    this.outlet = outlet;
    this.principal = who.principal;
    this.siteId = who.siteId;
    this.shownVersion = who.shownVersion;
  }

  write(frames: Buffer | string): void {
    this.outlet.write(frames);
  }

  end(frames: string): void {
    this.outlet.end(frames, LAST_LINES_MS);
  }

  /** Nothing more for this one, whatever is still on its way. */
  dismiss(frames: string): void {
    this.outlet.end(frames, DISMISSAL_MS);
  }

  /** Writes what lies between its position and the feed's, at the pace of the reader, until the feed takes it over. */
  async catchUp(feed: JobFeed, from: LogPosition, history: History): Promise<void> {
    let position = from;
    while (!this.outlet.gone && !feed.admit(this, position)) {
      if (!reaches(feed.position, position)) {
        // It comes from another process, which had refreshed more lately than we have.
        await feed.refreshed;
        continue;
      }
      const batch = await history.read(this.principal.orgId, feed.history(position));
      for (const frames of batch.frames) {
        this.write(frames);
        await this.outlet.drained();
      }
      position = batch.position;
    }
  }
}
