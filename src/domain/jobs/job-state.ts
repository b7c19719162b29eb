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
  'host-came',
  'host-went',
  'host-asked',
  'host-quiet',
  'host-gone',
  'run-lost',
  'paused',
  'resumed',
  'cancel-asked',
  'cancel-asked-unbegun',
  'cancel-seen',
  'queue-deadline',
  'late-evidence',
  'ended:succeeded',
  'ended:partial',
  'ended:failed',
  'ended:cancelled',
  'ended:timed_out',
  'ended:unknown',
] as const;
export type JobFact = (typeof JOB_FACTS)[number];

/**
 * What has to be done in the same transaction when the state changes. Keys are the locks' business (`endJob`, `requeueRun`); all
 * else `moveJobs` does itself.
 */
export type JobEffect =
  | 'send-start'
  | 'drop-start'
  | 'send-cancel'
  | 'drop-sends'
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

const END: readonly JobEffect[] = ['drop-sends', 'release-keys', 'grant-pass', 'tell-end'];
const ends = (state: TerminalState): Transition => ({ state, effects: END });
const stays = (state: JobState): Transition => ({ state, effects: [] });

/** An attempt was given up: its host is asked whether anything of it runs, until it is known to be quiet. */
const hostAsked = (state: JobState) => ({ 'host-asked': stays(state), 'host-quiet': stays(state) });

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
    'host-came': stays('waiting'),
    'host-went': stays('waiting'),
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
    'cancel-asked-unbegun': ends('cancelled'),
    'cancel-seen': { state: 'cancelling', effects: [] },
    'host-gone': { state: 'waiting', effects: ['release-keys', 'request-keys', 'next-run', 'grant-pass'] },
    'run-lost': { state: 'queued', effects: ['drop-sends', 'next-run', 'send-start'] },
    ...runEnds,
  },
  running: {
    begun: { state: 'running', effects: ['drop-start'] },
    ...hostAsked('running'),
    paused: { state: 'paused', effects: [] },
    'cancel-asked': { state: 'cancelling', effects: ['send-cancel'] },
    // Made in Temporal itself, where nobody has to be told any more.
    'cancel-seen': { state: 'cancelling', effects: [] },
    'host-gone': { state: 'waiting', effects: ['release-keys', 'request-keys', 'next-run', 'grant-pass'] },
    // It keeps its keys: the next run gives them back when the host is known to be quiet.
    'run-lost': { state: 'queued', effects: ['drop-sends', 'next-run', 'send-start'] },
    ...runEnds,
  },
  paused: {
    ...hostAsked('paused'),
    resumed: stays('running'),
    'cancel-asked': { state: 'cancelling', effects: ['send-cancel'] },
    'cancel-seen': { state: 'cancelling', effects: [] },
    ...runEnds,
  },
  cancelling: {
    // A cancel asked before the run began: begin finds it here and goes straight to the end.
    begun: { state: 'cancelling', effects: ['drop-start'] },
    ...hostAsked('cancelling'),
    'cancel-asked': stays('cancelling'),
    'host-gone': ends('cancelled'),
    'run-lost': { state: 'cancelling', effects: ['drop-sends', 'next-run', 'send-start'] },
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
