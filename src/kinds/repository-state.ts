/** What a job's outcome says about the repository it used; null when it says nothing. A successful use proves that it is there. */
export function repositoryStateAfter(outcomeCode: string): string | null {
  return STATES[outcomeCode] ?? null;
}

const STATES: Readonly<Record<string, string>> = {
  succeeded: 'ready',
  'succeeded-without-summary': 'ready',
  partial: 'ready',
  'some-path-missing': 'ready',
  'error-after-snapshot': 'ready',
  'already-initialised': 'ready',
  initialised: 'ready',
  'repository-missing': 'uninitialised',
  'repository-wrong-password': 'wrong-password',
  'repository-locked': 'locked',
  'repository-unreachable': 'unreachable',
};
