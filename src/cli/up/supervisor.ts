import type { ChildExit } from './children.ts';

/** Something that runs beside us and can end. */
export interface Part {
  readonly pid: number;
  readonly exited: Promise<ChildExit>;
  stop(): Promise<unknown>;
}

interface Kept {
  readonly name: string;
  part: Part;
}

const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 30_000;
/** Who lived this long starts with the short wait again. */
const HEALTHY_MS = 60_000;

/** Keeps the parts of a stack running, and stops them in the reverse order of their start. */
export class Supervisor {
  readonly #kept: Kept[] = [];
  readonly #say: (line: string) => void;
  #stopping = false;

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  get stopping(): boolean {
    return this.#stopping;
  }

  /** Starts a part and starts it again when it ends by itself. */
  async keep<P extends Part>(name: string, start: () => Promise<P>): Promise<P> {
    const part = await start();
    const kept: Kept = { name, part };
    this.#kept.push(kept);
    void this.#watch(kept, start);
    return part;
  }

  async #watch(kept: Kept, start: () => Promise<Part>): Promise<void> {
    let waitMs = FIRST_WAIT_MS;
    for (;;) {
      const since = performance.now();
      const { code, signal } = await kept.part.exited;
      if (this.#stopping) return;
      if (performance.now() - since > HEALTHY_MS) waitMs = FIRST_WAIT_MS;
      this.#say(`${kept.name} ended (${signal ?? `code ${code}`}); starting it again in ${waitMs / 1000} s`);
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
      if (this.#stopping) return;
      await start().then(
        (part) => {
          kept.part = part;
        },
        (error: Error) => this.#say(`${kept.name} did not start: ${error.message}`),
      );
      // It came while we were stopping: end it too.
      if (this.#stopping) await kept.part.stop();
    }
  }

  /** Stops everything, last started first, and says each. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const kept of [...this.#kept].reverse()) {
      const began = performance.now();
      await kept.part.stop();
      this.#say(`stopped ${kept.name} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
    }
  }

  /** Ends everything at once. */
  kill(): void {
    this.#stopping = true;
    for (const { part } of this.#kept)
      try {
        process.kill(-part.pid, 'SIGKILL');
      } catch {
        // It was gone already.
      }
  }
}
