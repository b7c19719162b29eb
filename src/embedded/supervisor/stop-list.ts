import type { Say } from '../say.ts';
import type { Kept, RunningPart } from './kept.ts';

/** What was started, stopped in the reverse of the order in which one needs the other. */
const ORDER = ['api', 'agent', 'worker', 'gateway', 'temporal-ui', 'temporal', 'postgres'] as const;
export type PartName = (typeof ORDER)[number];

export class StopList {
  readonly #parts = new Map<PartName, Kept<RunningPart>>();
  readonly #say: Say;
  #stopping = false;
  #quiet = false;

  constructor(say: Say) {
    this.#say = say;
  }

  /** Everything that is kept running is known here before it is started. */
  add<Part extends RunningPart>(name: PartName, kept: Kept<Part>): Kept<Part> {
    if (this.#stopping) kept.startNothing();
    this.#parts.set(name, kept as unknown as Kept<RunningPart>);
    return kept;
  }

  /** Rejects when one of them ends while we still start. */
  endedEarly(): Promise<never> {
    return Promise.race([...this.#parts.values()].map((kept) => kept.endedEarly));
  }

  settle(): void {
    for (const kept of this.#parts.values()) kept.settle();
  }

  /** From now on what ends stays ended, whoever ended it. */
  startNothing(): void {
    this.#stopping = true;
    for (const kept of this.#parts.values()) kept.startNothing();
  }

  /** Says no more of what is being stopped. */
  beQuiet(): void {
    this.#quiet = true;
  }

  async stopAll({ quietly = false } = {}): Promise<void> {
    this.startNothing();
    this.#quiet ||= quietly;
    for (const name of ORDER) {
      const kept = this.#parts.get(name);
      if (!kept) continue;
      const began = Date.now();
      await kept.stop();
      if (!this.#quiet) this.#say.step(`${name}: stopped`, Date.now() - began);
    }
  }
}
