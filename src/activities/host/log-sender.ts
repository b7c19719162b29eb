import { type LogLine, MAX_LINE_BYTES, type Progress } from '../../domain/agent-protocol.ts';
import type { AttemptResult } from '../../domain/outcome.ts';
import type { Clock } from '../../lib/clock.ts';
import type { AttemptLink } from './attempt-link.ts';
import { LogBacklog } from './log-backlog.ts';
import { cutTo, type Mask, maskOf, safeText } from './safe-line.ts';

export interface LogSenderTimes {
  /** How long lines gather before they are sent. */
  readonly flushMs: number;
  readonly progressMs: number;
  readonly retryMinMs: number;
  readonly retryMaxMs: number;
  /** How long `close` waits for the gateway. */
  readonly closeMs: number;
  /** How long sending goes on by itself after `close` gave up waiting. */
  readonly lingerMs: number;
}

export const LOG_SENDER_TIMES: LogSenderTimes = {
  flushMs: 300,
  progressMs: 1_000,
  retryMinMs: 200,
  retryMaxMs: 5_000,
  closeMs: 5_000,
  // The longest heartbeat time-out of a kind is 15 min: later nobody looks for the result in place of the answer.
  lingerMs: 15 * 60_000,
};

/** 16 MiB: about 100,000 lines as restic writes them. */
export const LOG_BOUNDS = { memoryBytes: 16 * 1024 * 1024, attemptBytes: 256 * 1024 * 1024 };
const HOLD_BACK_MS = 1_000;
const MAX_CURRENT_BYTES = 4_000;

/** Sends an attempt's lines, progress and result, one report in flight. Nothing here can make a job fail. */
export class LogSender {
  readonly #link: AttemptLink;
  readonly #clock: Clock;
  readonly #times: LogSenderTimes;
  readonly #backlog: LogBacklog;
  #mask: Mask = (text) => text;
  #progress: Progress | null = null;
  #progressAt = 0;
  #result: AttemptResult | null = null;
  #state: 'open' | 'closing' | 'closed' = 'open';
  #delivered = false;
  #running = false;
  #away = false;
  #deadline = Number.POSITIVE_INFINITY;
  /** Who wants to hear of the next answer, failure or end. */
  #waiters: (() => void)[] = [];
  #cutPauseShort: () => void = () => undefined;

  constructor(link: AttemptLink, clock: Clock, times = LOG_SENDER_TIMES, bounds = LOG_BOUNDS) {
    this.#link = link;
    this.#clock = clock;
    this.#times = times;
    this.#backlog = new LogBacklog(bounds);
  }

  /** From now on these values are masked in everything that is sent. */
  hide(secrets: readonly string[]): void {
    this.#mask = maskOf(secrets);
  }

  /** Text as it may leave the host in a result: safe, masked and short. */
  clean(text: string, maxBytes: number): string {
    // Masked before it is cut: a cut through a secret would leave half of it.
    return cutTo(this.#mask(safeText(text)), maxBytes);
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

  /** Sends what is left, the result last. True when the gateway took it; else sending goes on for a while by itself. */
  close(result: AttemptResult | null): Promise<boolean> {
    if (this.#state !== 'open') return Promise.resolve(this.#delivered);
    this.#backlog.markDropped(this.#now());
    this.#result = result;
    this.#state = 'closing';
    this.#deadline = this.#now() + this.#times.lingerMs;
    this.#cutPauseShort();
    this.#nudge();
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), this.#times.closeMs);
      const look = () => {
        if (this.#state !== 'closed') return void this.#waiters.push(look);
        clearTimeout(timer);
        resolve(this.#delivered);
      };
      look();
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
      const progress = this.#dueProgress();
      if (this.#backlog.length > 0 || progress !== null || this.#state === 'closing') await this.#sendBatch(progress);
      this.#wake();
    }
    this.#running = false;
  }

  #hasWork(): boolean {
    if (this.#state === 'open') return this.#backlog.length > 0 || this.#progress !== null;
    return this.#state === 'closing';
  }

  /** One report, with the same content until it is answered: the gateway may have taken one whose answer was lost. */
  async #sendBatch(progress: Progress | null): Promise<void> {
    const lines = this.#backlog.batch();
    const isLast = this.#state === 'closing' && lines.length === this.#backlog.length;
    const result = isLast ? this.#result : null;
    for (let failures = 0; this.#state !== 'closed'; failures++) {
      try {
        const { nextSeq, closed } = await this.#link.report(this.#backlog.base, lines, progress, result);
        if (!Number.isSafeInteger(nextSeq)) throw new Error('no number in the answer');
        this.#away = false;
        const taken = nextSeq === this.#backlog.base + lines.length;
        this.#backlog.wants(nextSeq);
        if (closed) return this.#end(false);
        if (taken && isLast) return this.#end(true);
        // Not taken as it was sent: the two sides disagree, and must not spin.
        if (!taken) await this.#pause(this.#times.retryMinMs);
        return;
      } catch {
        this.#away = true;
        this.#wake();
        if (this.#now() > this.#deadline) return this.#end(false);
        await this.#pause(Math.min(this.#times.retryMaxMs, this.#times.retryMinMs * 2 ** Math.min(failures, 20)));
      }
    }
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
