import type { ProgressOutput } from '../progress-output.ts';
import type { RunningPart, Supervisor } from './supervisor.ts';

/** What was started, stopped in the reverse of the order in which one needs the other. */
const ORDER = ['api', 'agent', 'worker', 'gateway', 'temporal-ui', 'temporal', 'postgres'] as const;
type PartName = (typeof ORDER)[number];

export class StopList {
  readonly #parts = new Map<PartName, Supervisor<RunningPart>>();
  readonly #output: ProgressOutput;
  #stopping = false;
  #quiet = false;

  constructor(output: ProgressOutput) {
    this.#output = output;
  }

  /** Everything that is kept running is known here before it is started. */
  add<Part extends RunningPart>(name: PartName, supervisor: Supervisor<Part>): Supervisor<Part> {
    if (this.#stopping) supervisor.startNothing();
    this.#parts.set(name, supervisor as unknown as Supervisor<RunningPart>);
    return supervisor;
  }

  /** Rejects when one of them ends while we still start. */
  endedEarly(): Promise<never> {
    return Promise.race([...this.#parts.values()].map((supervisor) => supervisor.endedEarly));
  }

  settle(): void {
    for (const supervisor of this.#parts.values()) supervisor.settle();
  }

  /** From now on what ends stays ended, whoever ended it. */
  startNothing(): void {
    this.#stopping = true;
    for (const supervisor of this.#parts.values()) supervisor.startNothing();
  }

  /** Says no more of what is being stopped. */
  beQuiet(): void {
    this.#quiet = true;
  }

  async stopAll({ quietly = false } = {}): Promise<void> {
    this.startNothing();
    this.#quiet ||= quietly;
    for (const name of ORDER) {
      const supervisor = this.#parts.get(name);
      if (!supervisor) continue;
      const began = Date.now();
      await supervisor.stop();
      if (!this.#quiet) this.#output.step(`${name}: stopped`, Date.now() - began);
    }
  }
}
