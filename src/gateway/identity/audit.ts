import { LRUCache } from 'lru-cache';
import type { GatewayStore, HostIdentity } from '../../domain/hosts/gateway-store.ts';
import type { Clock } from '../../lib/clock.ts';
import { asError } from '../../lib/failure.ts';
import type { Log } from '../../lib/log.ts';
import { safeDetail } from '../proxy/refusal.ts';

/** One row for each host and method in this time, with how often it was: an agent in a loop must not fill the audit. */
const ROW_MS = 10_000;
const MAX_CACHED = 20_000;

interface Row {
  readonly host: HostIdentity;
  readonly what: string;
  readonly writtenMs: number;
  detail: string;
  /** Refusals since it was written. */
  more: number;
}

/** Rows that could not be written, of one organisation. */
interface Lost {
  events: number;
  readonly since: Date;
}

type Store = Pick<GatewayStore, 'refused' | 'auditGap'>;

/**
 * Writes down what agents tried and may not. A failure to write never changes the answer; what it lost is counted, and written
 * as a gap as soon as the audit takes anything again.
 */
export class RefusalAudit {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #rows: LRUCache<string, Row>;
  readonly #lost = new Map<string, Lost>();
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(store: Store, clock: Clock, log: Log) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    this.#rows = new LRUCache({ max: MAX_CACHED, dispose: (row, _key, why) => why === 'evict' && this.#write(row) });
  }

  refused(host: HostIdentity, what: string, quoted: string): void {
    const key = `${host.hostId} ${what}`;
    const detail = safeDetail(quoted);
    const row = this.#rows.get(key);
    const nowMs = this.#clock.now().getTime();
    if (row && nowMs - row.writtenMs < ROW_MS) {
      row.more++;
      row.detail = detail;
      this.#arm();
      return;
    }
    this.#log.warn({ hostId: host.hostId, what, detail }, 'agent call refused');
    this.#write({ host, what, detail, writtenMs: nowMs, more: (row?.more ?? 0) + 1 });
    this.#rows.set(key, { host, what, detail, writtenMs: nowMs, more: 0 });
  }

  /** Writes what was only counted so far. */
  async stop(): Promise<void> {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#writeCounted();
    await this.#writing;
    await this.#tellGaps();
  }

  #arm(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#writeCounted();
      void this.#tellGaps();
    }, ROW_MS).unref();
  }

  #writeCounted(): void {
    const writtenMs = this.#clock.now().getTime();
    for (const [key, row] of [...this.#rows.entries()]) {
      if (row.more === 0) continue;
      this.#write(row);
      this.#rows.set(key, { ...row, writtenMs, more: 0 });
    }
  }

  #write({ host, what, detail, more }: Row): void {
    const written = this.#store.refused(host, what, detail, more).catch((thrown) => {
      this.#miss(host.orgId, more);
      this.#log.error(
        { err: asError(thrown), hostId: host.hostId, what, lost: this.#lost.get(host.orgId)?.events },
        'audit write failed: the audit has a gap',
      );
    });
    this.#writing = Promise.all([this.#writing, written]);
  }

  #miss(orgId: string, events: number): void {
    const lost = this.#lost.get(orgId);
    if (lost) lost.events += events;
    else this.#lost.set(orgId, { events, since: this.#clock.now() });
    this.#arm();
  }

  async #tellGaps(): Promise<void> {
    for (const [orgId, lost] of [...this.#lost]) {
      this.#lost.delete(orgId);
      await this.#store.auditGap(orgId, lost.events, lost.since).catch(() => {
        const since = this.#lost.get(orgId)?.events ?? 0;
        this.#lost.set(orgId, { since: lost.since, events: lost.events + since });
        this.#arm();
      });
    }
  }
}
