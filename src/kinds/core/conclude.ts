import type { TerminalState } from '../../domain/jobs/job-state.ts';
import { AGENT_FAULT, type Outcome, type OutcomeDefinition, type OutcomeTable } from '../../domain/jobs/outcome.ts';
import { readOutcome } from '../../domain/jobs/read-outcome.ts';
import type { RunEnding } from '../../domain/jobs/run.ts';
import type { JobKind } from './define-kind.ts';

/** Ends that any kind can come to, beside the outcomes of its own. */
export const COMMON_OUTCOMES = {
  cancelled: { state: 'cancelled', sentence: () => 'It was cancelled.', next: '' },
  'cancelled-before-start': { state: 'cancelled', sentence: () => 'It was cancelled before it started.', next: '' },
  'queue-deadline': {
    state: 'timed_out',
    sentence: () => 'It waited longer than a job of its kind may wait, and was not started.',
    next: 'See what held its host or repository meanwhile (`holdfast jobs list`), then start it again: `holdfast jobs again JOB`.',
  },
  'run-timeout': {
    state: 'timed_out',
    sentence: () => 'It ran longer than a job of its kind may run, and was stopped.',
    next: 'Read its log to see what took so long: `holdfast jobs logs JOB`.',
  },
  'agent-lost': {
    state: 'failed',
    sentence: () => 'The agent stopped answering while it ran, each time it was tried.',
    next: 'Look whether the host is up and its agent is running (`holdfast hosts list`), then start it again: `holdfast jobs again JOB`.',
  },
  'outcome-unknown': {
    state: 'unknown',
    sentence: () => 'The agent stopped answering after it had begun; what it did is not known.',
    next: 'Look at the host to see what was done, and at the log: `holdfast jobs logs JOB`. Then, if it is to be done again: `holdfast jobs again JOB`.',
  },
  'work-refused': {
    state: 'failed',
    sentence: () =>
      'The agent refused to do it, because something in the order could be misread by the program that does it.',
    next: 'See what: `holdfast jobs show JOB`. Correct it in the repository or the plan.',
  },
  'agent-fault': {
    state: 'failed',
    sentence: () => 'The agent could not carry it out because of a fault of its own.',
    next: 'Read its log: `holdfast jobs logs JOB`. Update the agent if the fault stays.',
  },
} as const satisfies OutcomeTable;

export interface Conclusion {
  readonly state: TerminalState;
  readonly code: string;
  readonly sentence: string;
  readonly next: string;
  readonly outcome: Outcome;
}

const NOTHING = { counts: {}, refs: {} };

/**
 * The verdict about a job from how its run ended. Every end has one, whatever an agent put in the place of its answer: what
 * is no outcome, and a code nobody listed, count as a fault of the agent.
 */
export function conclude(kind: JobKind, ending: RunEnding): Conclusion {
  switch (ending.how) {
    case 'answered':
      return said(kind.outcomes, readOutcome(ending.outcome) ?? AGENT_FAULT);
    case 'threw':
      return said(kind.outcomes, readOutcome({ code: ending.code, ...NOTHING }) ?? AGENT_FAULT);
    case 'cancelled':
      return common('cancelled');
    case 'timed-out':
      return common('run-timeout');
    case 'lost':
      return common('agent-lost');
    case 'unknown':
      return common('outcome-unknown');
  }
}

export function common(code: keyof typeof COMMON_OUTCOMES): Conclusion {
  return filled(COMMON_OUTCOMES[code], { code, ...NOTHING });
}

function said(table: OutcomeTable, outcome: Outcome): Conclusion {
  const tables: readonly OutcomeTable[] = [table, COMMON_OUTCOMES];
  // By own names only: every object has a `toString`.
  const definition = tables.find((one) => Object.hasOwn(one, outcome.code))?.[outcome.code];
  return definition
    ? filled(definition, outcome)
    : filled(COMMON_OUTCOMES['agent-fault'], { ...outcome, code: AGENT_FAULT.code });
}

const filled = (definition: OutcomeDefinition, outcome: Outcome): Conclusion => ({
  state: definition.state,
  code: outcome.code,
  sentence: definition.sentence(outcome),
  next: definition.next,
  outcome,
});
