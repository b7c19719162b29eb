import { expect, test } from 'vitest';
import { isTerminal, JOB_FACTS, JOB_STATES, type JobState, transition } from './job-state.ts';

/** Every pair that may happen, written down by hand: a pair that is added or lost has to be added or lost here too. */
const ALLOWED: Record<JobState, string> = {
  waiting:
    'granted>queued host-came>waiting host-went>waiting paused>waiting resumed>waiting cancel-asked>cancelled queue-deadline>timed_out',
  queued:
    'begun>running host-gone>waiting run-lost>queued cancel-asked>cancelling cancel-asked-unbegun>cancelled cancel-seen>cancelling ENDS',
  running:
    'begun>running host-asked>running host-quiet>running host-gone>waiting run-lost>queued paused>paused cancel-asked>cancelling cancel-seen>cancelling ENDS',
  paused: 'host-asked>paused host-quiet>paused resumed>running cancel-asked>cancelling cancel-seen>cancelling ENDS',
  cancelling:
    'begun>cancelling host-asked>cancelling host-quiet>cancelling host-gone>cancelled run-lost>cancelling cancel-asked>cancelling ENDS',
  succeeded: '',
  partial: '',
  failed: '',
  cancelled: 'cancel-asked>cancelled',
  timed_out: '',
  unknown: 'late-evidence>unknown',
};
const ENDS =
  'ended:succeeded>succeeded ended:partial>partial ended:failed>failed ended:cancelled>cancelled ended:timed_out>timed_out ended:unknown>unknown';

test('each pair of state and fact leads where the table says, and no other pair leads anywhere', () => {
  for (const state of JOB_STATES) {
    const allowed = new Map(
      ALLOWED[state]
        .replace('ENDS', ENDS)
        .split(' ')
        .filter(Boolean)
        .map((pair) => pair.split('>') as [string, string]),
    );
    for (const fact of JOB_FACTS)
      expect([state, fact, transition(state, fact)?.state ?? null]).toEqual([state, fact, allowed.get(fact) ?? null]);
  }
});

test('whatever ends a job gives its keys back, lets others in and tells it', () => {
  for (const state of JOB_STATES)
    for (const fact of JOB_FACTS) {
      const next = transition(state, fact);
      if (next && isTerminal(next.state) && !isTerminal(state))
        expect(next.effects).toEqual(expect.arrayContaining(['drop-sends', 'release-keys', 'grant-pass', 'tell-end']));
    }
});

test('no fact brings a job back from its end', () => {
  for (const state of JOB_STATES.filter(isTerminal))
    for (const fact of JOB_FACTS) expect(transition(state, fact)?.state ?? state).toBe(state);
});
