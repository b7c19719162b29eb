import type { ServerResponse } from 'node:http';
import type { Kysely } from 'kysely';
import type { Principal } from '../../domain/core/authorize.ts';
import type { Clock } from '../../lib/clock.ts';
import { asError, Failure } from '../../lib/failure.ts';
import type { Log } from '../../lib/log.ts';
import { whenGone } from '../../lib/when-gone.ts';
import { hasShare } from '../core/fair-share.ts';
import { recheckPermissions } from '../core/recheck-permissions.ts';
import type { StreamLimits } from '../core/stream-limits.ts';

/** Each holds a batch of a log while its reader takes it. */
const MOST_AT_ONCE = 32;
/** So that one person with a bad line, or ill will, leaves room for the others. */
const MOST_OF_ONE = 8;
/** Times what is left: so that the people of one organisation together leave room for the others. */
const SHARE_OF_ORGANIZATION = 3;

interface Download {
  readonly principal: Principal;
  readonly siteId: string | null;
  readonly response: ServerResponse;
  /** At the beat before. */
  written: number;
  /** Beats at which nothing more had been taken. */
  stalled: number;
}

/** A minute: the system's own buffers hold megabytes for a reader, and a thin line needs long to take a third of them. */
const MOST_STALLED = 4;

interface DownloadParts {
  readonly authDb: Kysely<unknown>;
  readonly clock: Clock;
  readonly log: Log;
}

const tooMany = (message: string) => new Failure('too-many-streams', message, { fault: 'caller' });

/** The long answers that are under way: cut off when who reads them may no longer, or takes nothing for a minute. */
export class Downloads {
  readonly #parts: DownloadParts;
  readonly #limits: Pick<StreamLimits, 'tickMs' | 'beatMs'>;
  readonly #open = new Set<Download>();
  #timers: NodeJS.Timeout[] = [];

  constructor(parts: DownloadParts, limits: Pick<StreamLimits, 'tickMs' | 'beatMs'>) {
    this.#parts = parts;
    this.#limits = limits;
  }

  /** Watches over an answer until it is closed. Throws when there are too many. */
  watch(response: ServerResponse, principal: Principal, siteId: string | null): void {
    this.#assertRoom(principal);
    const download = { principal, siteId, response, written: 0, stalled: 0 };
    this.#open.add(download);
    if (this.#open.size === 1) this.#wake();
    whenGone(response, () => {
      this.#open.delete(download);
      if (this.#open.size === 0) for (const timer of this.#timers) clearInterval(timer);
    });
  }

  #assertRoom({ userId, orgId }: Principal): void {
    const open = [...this.#open].map(({ principal }) => principal);
    const mine = open.filter((one) => one.userId === userId).length;
    const ours = open.filter((one) => one.orgId === orgId).length;
    if (mine >= MOST_OF_ONE) throw tooMany(`You download ${mine} logs already, as many as one may at once.`);
    if (!hasShare(ours, open.length, MOST_AT_ONCE, SHARE_OF_ORGANIZATION))
      throw tooMany(`Your organisation downloads ${ours} logs already, its share of what this server can.`);
  }

  #wake(): void {
    const { tickMs, beatMs } = this.#limits;
    this.#timers = [setInterval(() => void this.#askAgain(), tickMs), setInterval(() => this.#cutStalled(), beatMs)];
  }

  async #askAgain(): Promise<void> {
    try {
      for (const [{ response }] of await recheckPermissions(this.#parts, [...this.#open])) response.destroy();
    } catch (thrown) {
      // The lines come from the same database: while it does not answer nobody gets more of them.
      this.#parts.log.warn({ err: asError(thrown) }, 'permission recheck failed');
    }
  }

  #cutStalled(): void {
    for (const download of this.#open) {
      const { response } = download;
      const written = response.socket?.bytesWritten ?? 0;
      download.stalled = response.writableLength > 0 && written === download.written ? download.stalled + 1 : 0;
      download.written = written;
      if (download.stalled >= MOST_STALLED) response.destroy();
    }
  }
}
