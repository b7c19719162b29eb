import { setTimeout as sleep } from 'node:timers/promises';
import { signalGroup } from '../../../src/embedded/supervisor/process-identity.ts';
import type { RunningPart } from '../../../src/embedded/supervisor/supervisor.ts';
import { untilTrue } from '../../harness/until-true.ts';

/** `holdfast up` starts what died after this long, as service managers do; and after this long what did not start. */
const RESTART_PAUSE_MS = 100;
const RETRY_PAUSE_MS = 1_000;

/** A process of the stack that can be hurt. What dies is started again as `up` does it, unless it is to stay down. */
export class Part {
  readonly name: string;
  readonly #start: () => Promise<RunningPart>;
  #running: RunningPart | null = null;
  #wanted = false;
  #coming: Promise<void> | null = null;

  constructor(name: string, start: () => Promise<RunningPart>) {
    this.name = name;
    this.#start = start;
  }

  get pid(): number {
    if (this.#running === null) throw new Error(`${this.name} does not run`);
    return this.#running.pid;
  }

  get runs(): boolean {
    return this.#running !== null;
  }

  /** What goes wrong with this start is thrown. */
  async start(): Promise<void> {
    if (this.#wanted) throw new Error(`${this.name} was started already`);
    this.#wanted = true;
    await this.#run();
  }

  /** The process alone, as the kernel does it when memory runs out; its children are its own business. */
  async kill(options: { stayDown?: boolean } = {}): Promise<void> {
    const running = this.#running;
    if (running === null) throw new Error(`${this.name} does not run`);
    if (options.stayDown) this.#wanted = false;
    process.kill(running.pid, 'SIGKILL');
    await running.exited;
  }

  async untilRuns(): Promise<void> {
    await untilTrue(`${this.name} runs`, () => this.#running !== null, 120_000);
  }

  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    process.kill(this.pid, name);
  }

  /** With its group, when there is no time for anything else. */
  killNow(): void {
    if (this.#running !== null) signalGroup(this.#running.pid, 'SIGKILL');
  }

  /** As an operator stops it; it stays down. */
  async stop(): Promise<void> {
    this.#wanted = false;
    await this.#coming;
    await this.#running?.stop();
  }

  async #run(): Promise<void> {
    const running = await this.#start();
    this.#running = running;
    void running.exited.then(() => {
      this.#running = null;
      if (this.#wanted) this.#coming = this.#again();
    });
  }

  async #again(): Promise<void> {
    for (let pauseMs = RESTART_PAUSE_MS; this.#wanted; pauseMs = RETRY_PAUSE_MS) {
      await sleep(pauseMs);
      if (!this.#wanted) return;
      // What it needs may be away too: it is tried as long as it is wanted.
      const failed = await this.#run().then(
        () => false,
        () => true,
      );
      if (!failed) return;
    }
  }
}
