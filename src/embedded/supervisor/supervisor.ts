import { asError } from '../../lib/failure.ts';
import { HEARD_WITHIN_MS } from '../../lib/stop-signals.ts';
import type { ProgressOutput } from '../progress-output.ts';
import type { ChildExit } from './children.ts';

/** A program that runs: one of ours, PostgreSQL or Temporal. */
export interface RunningPart {
  readonly pid: number;
  readonly exited: Promise<ChildExit>;
  stop(): Promise<unknown>;
}

interface SupervisorOptions<Part extends RunningPart> {
  readonly name: string;
  readonly start: () => Promise<Part>;
  readonly output: ProgressOutput;
  /** Why it is not to be started again after this exit; null: it is. */
  readonly final?: (exit: ChildExit) => string | null;
}

/** What was well comes back at once; from the second time on it waits. */
const SECOND_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** One that ran this long was well: the next pause is short again. */
const WELL_MS = 60_000;

/** Keeps a program running: when it ends by itself it is started again, after a pause that grows while it fails. */
export class Supervisor<Part extends RunningPart> {
  readonly name: string;
  readonly #options: SupervisorOptions<Part>;
  /** Rejects when it ended before it was told that the start is over. */
  readonly endedEarly: Promise<never>;
  #tellEarly: (error: Error) => void;
  #settled = false;
  #stopping = false;
  #pauseMs = 0;
  #startedAt = 0;
  #current: Promise<Part> | null = null;
  #running: Part | null = null;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SupervisorOptions<Part>) {
    this.name = options.name;
    this.#options = options;
    const early = Promise.withResolvers<never>();
    early.promise.catch(() => {});
    this.endedEarly = early.promise;
    this.#tellEarly = early.reject;
  }

  /** The first start; what goes wrong with it is thrown. */
  async start(): Promise<Part> {
    if (this.#stopping) throw new Error(`${this.name} is not started: we are stopping`);
    this.#current = this.#options.start();
    this.#startedAt = Date.now();
    const part = await this.#current;
    this.#running = part;
    this.#watch(part);
    return part;
  }

  /** From now on an end is answered by a new start, and no longer a failure of the whole. */
  settle(): void {
    this.#settled = true;
  }

  /** What runs now; null while it is being started. */
  get running(): Part | null {
    return this.#running;
  }

  /** Ends it when it runs, so that it is started again with what was missing. */
  async renew(why: string): Promise<void> {
    const part = this.#stopping ? null : await this.#current?.catch(() => null);
    if (!part || this.#stopping) return;
    this.#options.output.step(`${this.name}: ${why}`);
    await part.stop();
  }

  /** From now on it stays ended when it ends. */
  startNothing(): void {
    this.#stopping = true;
    clearTimeout(this.#timer);
  }

  async stop(): Promise<void> {
    this.startNothing();
    const part = await this.#current?.catch(() => null);
    await part?.stop();
  }

  #watch(part: Part): void {
    void part.exited.then((exit) => {
      this.#running = null;
      if (this.#stopping) return;
      const how = exit.signal ? `was killed by ${exit.signal}` : `ended with exit code ${exit.code}`;
      if (!this.#settled) return this.#tellEarly(new Error(`${this.name} ${how}`));
      const final = this.#options.final?.(exit) ?? null;
      if (final !== null) return this.#options.output.step(`${this.name}: ${how}: ${final}`);
      if (Date.now() - this.#startedAt > WELL_MS) this.#pauseMs = 0;
      this.#again(how);
    });
  }

  #again(why: string): void {
    const pauseMs = this.#pauseMs;
    this.#pauseMs = Math.min(Math.max(pauseMs * 2, SECOND_PAUSE_MS), LONGEST_PAUSE_MS);
    this.#timer = setTimeout(() => {
      const when = pauseMs > 0 ? ` in ${pauseMs / 1000} s` : '';
      this.#options.output.step(`${this.name}: ${why}; starting it again${when}`);
      this.#timer = setTimeout(() => void this.#restart(), pauseMs);
    }, HEARD_WITHIN_MS);
  }

  async #restart(): Promise<void> {
    try {
      await this.start();
      this.#options.output.step(`${this.name}: started again`);
    } catch (thrown) {
      if (!this.#stopping) this.#again(asError(thrown).message);
    }
  }
}
