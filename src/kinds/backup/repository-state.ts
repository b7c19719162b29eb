/** What a job's outcome says about the repository it used; null when it says nothing. A successful use proves that it is there. */
export function repositoryStateAfter(outcomeCode: string, wasReady: boolean): string | null {
  const state = STATES[outcomeCode] ?? null;
  // What was ready once is never "not made yet": whoever made it anew would begin a second history beside the first.
  return state === 'uninitialised' && wasReady ? 'missing' : state;
}

const STATES: Readonly<Record<string, string>> = {
  succeeded: 'ready',
  'succeeded-without-summary': 'ready',
  partial: 'ready',
  'some-path-missing': 'ready',
  'error-after-snapshot': 'ready',
  'nothing-saved': 'ready',
  'nothing-readable': 'ready',
  'some-path-unreadable': 'ready',
  'some-path-empty': 'ready',
  'link-not-followed': 'ready',
  'already-initialised': 'ready',
  initialised: 'ready',
  unlocked: 'ready',
  'nothing-locked': 'ready',
  'repository-missing': 'uninitialised',
  'repository-uninitialised': 'uninitialised',
  'repository-changed': 'missing',
  'repository-without-config': 'damaged',
  'repository-wrong-password': 'wrong-password',
  'repository-locked': 'locked',
  'repository-lock-damaged': 'locked',
  'repository-unreachable': 'unreachable',
  'ssh-host-key-unknown': 'unreachable',
  'ssh-key-refused': 'unreachable',
  'proxy-unreachable': 'unreachable',
  'repository-stalled': 'unreachable',
};
