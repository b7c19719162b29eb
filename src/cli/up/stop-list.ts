import type { Kept, RunningPart } from './kept.ts';
import type { Say } from './say.ts';

/** What was started, stopped in the reverse of the order in which one needs the other. */
const ORDER = ['api', 'agent', 'worker', 'gateway', 'temporal-ui', 'temporal', 'postgres'] as const;
export type PartName = (typeof ORDER)[number];

export class StopList {
  readonly #parts = new Map<PartName, Kept<RunningPart>>();
  readonly #say: Say;
  #stopping = false;

  constructor(say: Say) {
    this.#say = say;
  }

  /** Everything that is kept running is known here before it is started. */
  add<Part extends RunningPart>(name: PartName, kept: Kept<Part>): Kept<Part> {
    if (this.#stopping) void kept.stop();
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

  async stopAll({ quietly = false } = {}): Promise<void> {
    this.#stopping = true;
    for (const name of ORDER) {
      const kept = this.#parts.get(name);
      if (!kept) continue;
      const began = Date.now();
      await kept.stop();
      if (!quietly) this.#say.step(`${name}: stopped`, Date.now() - began);
    }
  }
}
