import { type LogLine, MAX_LINE_BYTES, type Progress } from '../../domain/jobs/agent-protocol.ts';
import type { AttemptResult } from '../../domain/jobs/outcome.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Mask } from '../../lib/mask.ts';
import { cutMiddle, cutTo, safeText } from '../../lib/safe-text.ts';
import type { AttemptLink } from '../attempt/attempt-link.ts';
import type { AttemptSpool } from './attempt-spool.ts';
import { LogBacklog } from './log-backlog.ts';
import { LOG_BOUNDS, LOG_SENDER_TIMES } from './log-limits.ts';
import { maskLines } from './mask-lines.ts';

const HOLD_BACK_MS = 1_000;
const MAX_CURRENT_BYTES = 4_000;

// long: one loop and what it shares with those who log; the queue, the spool and the words are elsewhere.
/** Sends an attempt's lines, progress and result, one report in flight. Nothing here can make a job fail. */
export class LogSender {
  readonly #link: AttemptLink;
  readonly #clock: Clock;
  readonly #times: typeof LOG_SENDER_TIMES;
  readonly #backlog: LogBacklog;
  #mask: Mask = (text) => text;
  #progress: Progress | null = null;
  #progressAt = 0;
  /** What the gateway has not confirmed yet. */
  #result: AttemptResult | null = null;
  #state: 'open' | 'closing' | 'closed' = 'open';
  #delivered = false;
  /** The gateway knows that no line comes any more. */
  #saidLast = false;
  #running = false;
  #away = false;
  /** Where the log of an earlier process ended is only known to the gateway. */
  #asks: boolean;
  #deadline = Number.POSITIVE_INFINITY;
  /** Who wants to hear of the next answer, failure or end. */
  #waiters: (() => void)[] = [];
  #cutPauseShort: () => void = () => undefined;

  /** `left`: what an earlier process could not deliver of this attempt. */
  constructor(
    link: AttemptLink,
    clock: Clock,
    times = LOG_SENDER_TIMES,
    bounds = LOG_BOUNDS,
    left: AttemptSpool | null = null,
  ) {
    this.#link = link;
    this.#clock = clock;
    this.#times = times;
    this.#backlog = new LogBacklog(bounds, left);
    this.#asks = left !== null;
  }

  /** From now on these values are masked in everything that is sent. */
  hide(secrets: readonly string[]): void {
    this.#mask = maskLines(secrets);
  }

  /** Text as it may leave the host in a result: safe, masked and short. */
  clean(text: string, maxBytes: number): string {
    // Masked before it is cut: a cut through a secret would leave half of it.
    return cutMiddle(this.#mask(safeText(text)), maxBytes);
  }

  line(stream: LogLine[1], text: string, cut = false): void {
    if (this.#state !== 'open') return;
    this.#backlog.add([this.#now(), stream, cutTo(this.#mask(safeText(text)), MAX_LINE_BYTES, cut)]);
    this.#nudge();
  }

  progress(progress: Progress): void {
    if (this.#state !== 'open') return;
    const { current } = progress;
    this.#progress = { ...progress, current: current === null ? null : this.clean(current, MAX_CURRENT_BYTES) };
    this.#nudge();
  }

  /** Settles when there is room for more lines, after 1 s at the latest. Nobody waits while the gateway is away. */
  room(): Promise<void> | undefined {
    if (!this.#backlog.crowded || this.#away || this.#state !== 'open') return undefined;
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, HOLD_BACK_MS);
      this.#waiters.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /**
   * Sends what is left; the result goes with the first report that gets through. True when the gateway took all of it;
   * else it lies in the spool, and sending goes on by itself for as long as the gateway would take it.
   */
  async close(result: AttemptResult | null): Promise<boolean> {
    if (this.#state !== 'open') return this.#delivered;
    this.#backlog.markDropped(this.#now());
    this.#result = result;
    if (result !== null) this.#backlog.spool?.keepResult(result);
    this.#state = 'closing';
    this.#deadline = this.#now() + this.#times.lingerMs;
    this.#cutPauseShort();
    this.#nudge();
    if (!(await this.#endsWithin(this.#times.closeMs))) await this.#putDown();
    return this.#delivered;
  }

  /** Settles when there is nothing left to do: delivered, refused for good, or given up. */
  async ended(): Promise<void> {
    while (this.#state !== 'closed') await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  #endsWithin(ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), ms);
      void this.ended().then(() => {
        clearTimeout(timer);
        resolve(true);
      });
    });
  }

  #nudge(): void {
    if (this.#running) return;
    this.#running = true;
    void this.#loop();
  }

  async #loop(): Promise<void> {
    while (this.#hasWork()) {
      if (this.#state === 'open' && !this.#backlog.hasFullBatch) await this.#pause(this.#times.flushMs);
      if (!this.#asks) await this.#backlog.refill();
      const progress = this.#dueProgress();
      const ending = this.#state === 'closing' && !this.#saidLast;
      if (this.#asks || ending || this.#backlog.length > 0 || progress !== null || this.#result !== null)
        await this.#sendBatch(progress);
      else if (this.#state === 'closing' && this.#backlog.isEmpty) this.#end(true);
      this.#wake();
    }
    this.#running = false;
  }

  #hasWork(): boolean {
    if (this.#state === 'open') return !this.#backlog.isEmpty || this.#progress !== null;
    return this.#state === 'closing';
  }

  /** One report, with the same lines until it is answered: the gateway may have taken one whose answer was lost. */
  async #sendBatch(progress: Progress | null): Promise<void> {
    // Empty while it asks: nothing was fetched yet.
    const lines = this.#backlog.batch();
    for (let failures = 0; this.#state !== 'closed'; failures++) {
      const result = this.#asks ? null : this.#result;
      const last = !this.#asks && this.#state === 'closing' && this.#backlog.holdsOnly(lines);
      const slow = setTimeout(() => this.#spill(), this.#times.slowMs).unref();
      try {
        const { nextSeq, closed } = await this.#link.report(this.#backlog.base, lines, progress, result, last);
        if (!Number.isSafeInteger(nextSeq)) throw new Error('no number in the answer');
        this.#away = false;
        if (result !== null) this.#result = null;
        const taken = nextSeq === this.#backlog.base + lines.length;
        this.#backlog.wants(nextSeq, this.#now());
        if (taken && last) this.#saidLast = true;
        this.#asks = false;
        if (closed) return this.#end(false);
        // Not taken as it was sent: the two sides disagree, and must not spin.
        if (!taken) await this.#pause(this.#times.retryMinMs);
        return;
      } catch {
        this.#away = true;
        this.#spill();
        this.#wake();
        if (this.#now() > this.#deadline) return this.#end(false);
        await this.#pause(Math.min(this.#times.retryMaxMs, this.#times.retryMinMs * 2 ** Math.min(failures, 20)));
      } finally {
        clearTimeout(slow);
      }
    }
  }

  /** What waits goes to the disk, so that neither memory nor the life of this process bounds it. */
  #spill(): void {
    if (this.#backlog.spool !== null || this.#state === 'closed') return;
    const spool = this.#link.openSpool?.();
    if (!spool) return;
    this.#backlog.spillTo(spool);
    if (this.#result !== null) spool.keepResult(this.#result);
  }

  /** All that is left is on disk when this settles: the process may end now. */
  async #putDown(): Promise<void> {
    do {
      this.#spill();
      await this.#backlog.spool?.flush();
      // The gateway came back meanwhile and what was left was fetched from the disk: again, until it stays there.
    } while (this.#state !== 'closed' && this.#backlog.spool === null && this.#link.openSpool);
  }

  #dueProgress(): Progress | null {
    const due = this.#state === 'closing' || this.#now() - this.#progressAt >= this.#times.progressMs;
    if (!due || this.#progress === null) return null;
    const progress = this.#progress;
    this.#progress = null;
    this.#progressAt = this.#now();
    return progress;
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, delayMs);
      // An agent that wants to end does not wait for what lingers.
      if (this.#state === 'closing') timer.unref();
      this.#cutPauseShort = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #end(delivered: boolean): void {
    this.#state = 'closed';
    this.#delivered = delivered;
    this.#backlog.clear();
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter();
  }

  #now(): number {
    return this.#clock.now().getTime();
  }
}
