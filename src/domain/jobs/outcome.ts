import type { TerminalState } from './job-state.ts';

/** What an attempt answers when it ends by itself: a stable code, numbers and references. No free text: that is in the log. */
export interface Outcome {
  readonly code: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly refs: Readonly<Record<string, string>>;
}

/** One thing that went wrong inside an attempt that went on. `item` is what it happened to, for example a path. */
export interface ItemFailure {
  readonly code: string;
  readonly item: string;
  readonly message: string;
}

/** The outcome as it travels with the attempt's last log flush: with the failures, which are too big for a history. */
export interface AttemptResult {
  readonly outcome: Outcome;
  readonly failures: readonly ItemFailure[];
  /** How many failures there were in all; `failures` holds the first 100. */
  readonly failureCount: number;
}

/** Stands for an answer that is none: the agent's fault, and the job ends with it. */
export const AGENT_FAULT: Outcome = { code: 'agent-fault', counts: {}, refs: {} };

/** What an outcome code means to people. */
export interface OutcomeDefinition {
  readonly state: TerminalState;
  /** One sentence that says why the job ended so. */
  readonly sentence: (outcome: Outcome) => string;
  /** What to do about it, in one sentence; empty when nothing is to be done. */
  readonly next: string;
}
export type OutcomeTable = Readonly<Record<string, OutcomeDefinition>>;
