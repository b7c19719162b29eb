import type { FaultReport } from './table.ts';

export interface ScenarioParts {
  /** The selection that runs in `npm test`: fewer times, the same faults. */
  readonly short: boolean;
  /** For a person who waits. */
  readonly say: (line: string) => void;
}

/** A scenario that this machine cannot run says why; it is shown as skipped and never counted as passed. */
export class Skipped extends Error {}

/** Brings faults about on a stack of its own, and reports a row for each kind of fault. Throws only when it could not look. */
export interface Scenario {
  /** What `--only` takes. */
  readonly name: string;
  readonly about: string;
  /** Part of the shorter selection that runs in `npm test`. */
  readonly inShort: boolean;
  run(parts: ScenarioParts): Promise<readonly FaultReport[]>;
}
