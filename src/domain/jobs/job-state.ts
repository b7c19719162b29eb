/** The states of a job. `waiting` costs Temporal nothing; from `queued` on a start is under way. */
export const JOB_STATES = [
  'waiting',
  'queued',
  'running',
  'paused',
  'cancelling',
  'succeeded',
  'partial',
  'failed',
  'cancelled',
  'timed_out',
  'unknown',
] as const;
export type JobState = (typeof JOB_STATES)[number];

export const TERMINAL_STATES = ['succeeded', 'partial', 'failed', 'cancelled', 'timed_out', 'unknown'] as const;
export type TerminalState = (typeof TERMINAL_STATES)[number];

/** What can happen to a job. `ended:<state>` carries the verdict of its run. */
export const JOB_FACTS = [
  'granted',
  'begun',
  'host-gone',
  'run-lost',
  'paused',
  'resumed',
  'cancel-asked',
  'cancel-asked-unbegun',
  'queue-deadline',
  'late-evidence',
  'ended:succeeded',
  'ended:partial',
  'ended:failed',
  'ended:cancelled',
  'ended:timed_out',
  'ended:unknown',
] as const;
type JobFact = (typeof JOB_FACTS)[number];

/** What has to be done in the same transaction when the state changes. */
type JobEffect =
  | 'send-start'
  | 'drop-start'
  | 'send-cancel'
  | 'release-keys'
  | 'request-keys'
  | 'grant-pass'
  | 'next-run'
  | 'tell-end'
  | 'amend';

interface Transition {
  readonly state: JobState;
  readonly effects: readonly JobEffect[];
}

const END: readonly JobEffect[] = ['release-keys', 'grant-pass', 'tell-end'];
const ends = (state: TerminalState): Transition => ({ state, effects: END });
const stays = (state: JobState): Transition => ({ state, effects: [] });

const runEnds = {
  'ended:succeeded': ends('succeeded'),
  'ended:partial': ends('partial'),
  'ended:failed': ends('failed'),
  'ended:cancelled': ends('cancelled'),
  'ended:timed_out': ends('timed_out'),
  'ended:unknown': ends('unknown'),
} as const;

/** The whole table. A pair that is not in it is an error: nobody thought of it, so nobody may do it. */
const TABLE: Record<JobState, Partial<Record<JobFact, Transition>>> = {
  waiting: {
    granted: { state: 'queued', effects: ['send-start'] },
    'cancel-asked': ends('cancelled'),
    'queue-deadline': ends('timed_out'),
    paused: stays('waiting'),
    resumed: { state: 'waiting', effects: ['grant-pass'] },
  },
  queued: {
    begun: { state: 'running', effects: ['drop-start'] },
    // An earlier run may have left something on the host: the run itself settles that, then ends.
    'cancel-asked': { state: 'cancelling', effects: ['send-cancel'] },
    // Nothing of it was ever begun: it ends here, also while Temporal is away. A run that starts yet is not the job's any more.
    'cancel-asked-unbegun': { state: 'cancelled', effects: ['drop-start', ...END] },
    'host-gone': { state: 'waiting', effects: ['release-keys', 'request-keys', 'next-run', 'grant-pass'] },
    'run-lost': { state: 'queued', effects: ['next-run', 'send-start'] },
    ...runEnds,
  },
  running: {
    begun: stays('running'),
    paused: { state: 'paused', effects: [] },
    'cancel-asked': { state: 'cancelling', effects: ['send-cancel'] },
    'host-gone': { state: 'waiting', effects: ['release-keys', 'request-keys', 'next-run', 'grant-pass'] },
    // It keeps its keys: the next run gives them back when the host is known to be quiet.
    'run-lost': { state: 'queued', effects: ['next-run', 'send-start'] },
    ...runEnds,
  },
  paused: {
    resumed: stays('running'),
    'cancel-asked': { state: 'cancelling', effects: ['send-cancel'] },
    ...runEnds,
  },
  cancelling: {
    // A cancel asked before the run began: begin finds it here and goes straight to the end.
    begun: { state: 'cancelling', effects: ['drop-start'] },
    'cancel-asked': stays('cancelling'),
    'host-gone': ends('cancelled'),
    'run-lost': { state: 'cancelling', effects: ['next-run', 'send-start'] },
    ...runEnds,
  },
  succeeded: {},
  partial: {},
  failed: {},
  cancelled: { 'cancel-asked': stays('cancelled') },
  timed_out: {},
  unknown: { 'late-evidence': { state: 'unknown', effects: ['amend'] } },
};

/** What follows when `fact` happens to a job in `state`, or null when it cannot. */
export function transition(state: JobState, fact: JobFact): Transition | null {
  return TABLE[state][fact] ?? null;
}

export function isTerminal(state: JobState): state is TerminalState {
  return (TERMINAL_STATES as readonly string[]).includes(state);
}
