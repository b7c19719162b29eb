import type { Outcome, OutcomeDefinition } from '../../domain/jobs/outcome.ts';
import { plural } from '../core/plural.ts';
import { aside, COVER_OUTCOMES } from './cover-outcomes.ts';

const failed = (sentence: string, next: string): OutcomeDefinition => ({
  state: 'failed',
  sentence: () => sentence,
  next,
});

/** What can go wrong between restic and a repository or the host, whatever restic was asked to do. */
export const RESTIC_TROUBLE = {
  'repository-missing': failed(
    'The repository that was at the address before is not there.',
    'Mount it or correct the address (`holdfast repositories address NAME ADDRESS`), then start the job again: `holdfast jobs again JOB`. Nothing was written.',
  ),
  'repository-uninitialised': failed(
    'There is no restic repository at the address, and no job has found one there before.',
    'Check the address; when it is right, make the repository: `holdfast repositories init NAME --host HOST`.',
  ),
  'repository-without-config': failed(
    'There are files of a restic repository at the address, but its file "config" is missing.',
    'Bring that file back from a copy of the storage. Do not initialise: what is stored there could not be read any more.',
  ),
  'repository-changed': failed(
    'Another restic repository is at the address than the one that Holdfast knows; nothing was written.',
    'Mount the right one or correct the address (`holdfast repositories address NAME ADDRESS`). If the other one is meant to take its place: `holdfast repositories init NAME --host HOST` says how.',
  ),
  'repository-wrong-password': failed(
    'The repository does not open with the password that Holdfast has for it.',
    'Give the right one: `holdfast repositories password NAME --file FILE`.',
  ),
  'repository-locked': {
    state: 'failed',
    sentence: ({ refs, counts }) =>
      `${refs.lockHolder ?? 'Another restic process'} holds ${counts.lockExclusive === 1 ? 'an exclusive' : 'a'} lock on the repository${heldFor(counts.lockAgeSeconds)}.`,
    next: 'Wait until it has ended. When it is known to be dead: `holdfast repositories unlock NAME` removes locks that are stale.',
  },
  'repository-lock-damaged': {
    state: 'failed',
    sentence: ({ refs, counts }) =>
      `A lock file of the repository is damaged (${refs.lockFile ?? 'in its folder "locks"'}${heldFor(counts.lockAgeSeconds)}), so restic does nothing there.`,
    next: 'Remove it: `holdfast repositories unlock NAME` takes away damaged and stale locks, and leaves those of living processes.',
  },
  'repository-refused': failed(
    'The storage of the repository refused the access.',
    'Check user name, password and rights of the host at the storage.',
  ),
  'repository-stalled': failed(
    'Nothing moved for an hour, though restic went on trying, so it was stopped.',
    'See what it tried again and again: `holdfast jobs logs JOB --tail 50`. Mend that at the storage, then: `holdfast jobs again JOB`.',
  ),
  'repository-unreachable': failed(
    'The storage of the repository did not answer.',
    'Check that the storage runs and that the host can reach it, then start the job again: `holdfast jobs again JOB`.',
  ),
  'proxy-unreachable': failed(
    'The proxy between the host and the storage of the repository did not let restic through.',
    'Check the proxy that http_proxy or https_proxy names in the environment of the agent, or name the storage in no_proxy; then restart the agent and start the job again: `holdfast jobs again JOB`.',
  ),
  'ssh-host-key-unknown': failed(
    'ssh does not know the host key of the storage, or knows another one, so nothing was sent there.',
    'On the host, as the user that its agent runs as: connect once with ssh, compare the key it shows with the one of the storage, and accept it. Then: `holdfast jobs again JOB`.',
  ),
  'ssh-key-refused': failed(
    'The storage accepted none of the keys that ssh has for the user of the agent.',
    'On the host, as that user: make a key without a passphrase with ssh-keygen, give its public half to the storage with ssh-copy-id, and name it in ~/.ssh/config where it is not the usual one. Then: `holdfast jobs again JOB`.',
  ),
  'upload-too-large': failed(
    'The storage refused an upload because it is too large (413): a limit of the storage, or of a proxy in front of it.',
    'Let the proxy take uploads of 128 MiB and more (nginx: client_max_body_size), then start the job again: `holdfast jobs again JOB`.',
  ),
  'no-space': failed(
    'The storage of the repository, or the temporary folder of the host, is full.',
    'Make space there, then start the job again: `holdfast jobs again JOB`.',
  ),
  'program-missing': failed('restic could not be started on the host.', 'Install restic 0.14 or newer on the host.'),
  'restic-failed': failed(
    'restic ended with an error.',
    'Read the end of the job log, which holds what restic said: `holdfast jobs logs JOB --tail 50`.',
  ),
  'restic-crashed': failed(
    'restic was ended by a signal that Holdfast did not send.',
    'Check the host for memory shortage, then start the job again: `holdfast jobs again JOB`.',
  ),
} as const satisfies Record<string, OutcomeDefinition>;

const partial = (sentence: (outcome: Outcome) => string, next: string): OutcomeDefinition => ({
  state: 'partial',
  sentence: (outcome) => `${sentence(outcome)}${aside(outcome)}`,
  next,
});

/** How a backup can end. `partial` made a snapshot and counts as a restore point. */
export const BACKUP_OUTCOMES = {
  ...RESTIC_TROUBLE,
  ...COVER_OUTCOMES,
  succeeded: {
    state: 'succeeded',
    sentence: (outcome) =>
      `The snapshot holds ${plural(outcome.counts.filesProcessed, 'file')}; ${bytes(outcome.counts.bytesAdded)} were new.${aside(outcome)}`,
    next: '',
  },
  // Seen only when a restic newer than ours changes its messages: the exit code says success, so the backup counts.
  'succeeded-without-summary': {
    state: 'succeeded',
    sentence: () => 'restic reported success, but its summary could not be read, so there are no figures.',
    next: 'Tell whoever runs this instance which version of restic the host has.',
  },
  partial: partial(
    ({ counts }) => `A snapshot was made, but ${plural(counts.failures, 'item')} could not be read.`,
    'Look at the failures: `holdfast jobs show JOB`. Exclude what is not needed (`holdfast plans edit PLAN --exclude PATTERN`), or let the agent read it.',
  ),
  'some-path-missing': partial(
    ({ counts }) => `A snapshot was made, but ${plural(counts.pathsMissing, 'path')} of the plan did not exist.`,
    'Correct the paths of the plan (`holdfast plans edit PLAN --path PATH`), or bring the missing ones back.',
  ),
  'error-after-snapshot': partial(
    () => 'A snapshot was made, but restic ended with an error after it.',
    'Read the end of the job log: `holdfast jobs logs JOB --tail 50`. The snapshot itself can be restored.',
  ),
  'all-paths-missing': failed(
    'None of the paths of the plan exists on the host, so no snapshot was made.',
    'Correct the paths of the plan (`holdfast plans edit PLAN --path PATH`), or mount what is missing.',
  ),
} as const satisfies Record<string, OutcomeDefinition>;

/** How an initialisation can end. */
export const INIT_OUTCOMES = {
  ...RESTIC_TROUBLE,
  initialised: {
    state: 'succeeded',
    sentence: () => 'The repository was made.',
    next: '',
  },
  'already-initialised': {
    state: 'succeeded',
    sentence: () => 'The repository was there before and opens with the password; nothing in it was changed.',
    next: '',
  },
  'repository-wrong-password': failed(
    'A repository is there before, and it does not open with the password that Holdfast has for it; nothing was changed.',
    'Give the password it was made with: `holdfast repositories password NAME --file FILE`. Or choose another address.',
  ),
} as const satisfies Record<string, OutcomeDefinition>;

/** How an unlock can end. */
export const UNLOCK_OUTCOMES = {
  ...RESTIC_TROUBLE,
  unlocked: {
    state: 'succeeded',
    sentence: ({ counts }) => `${plural(counts.locksRemoved, 'lock')} removed that no living process holds.`,
    next: '',
  },
  'nothing-locked': { state: 'succeeded', sentence: () => 'There was no lock.', next: '' },
  'locks-remain': partial(
    ({ counts }) =>
      `${plural(counts.locksLeft, 'lock')} left alone, not known to be dead; ${counts.locksRemoved ?? 0} removed.`,
    'Wait until they have ended; `holdfast jobs show JOB` says whose they are. A lock counts as dead 30 minutes after its process wrote it last.',
  ),
} as const satisfies Record<string, OutcomeDefinition>;

export type UnlockCode = keyof typeof UNLOCK_OUTCOMES;
export type BackupCode = keyof typeof BACKUP_OUTCOMES;
export type InitCode = keyof typeof INIT_OUTCOMES;
export type TroubleCode = keyof typeof RESTIC_TROUBLE;

/** `, for 3 min`, where it is known. */
function heldFor(seconds: number | undefined): string {
  if (seconds === undefined) return '';
  return seconds < 120 ? `, for ${seconds} s` : `, for ${Math.floor(seconds / 60)} min`;
}

function bytes(count: number | undefined): string {
  if (count === undefined) return 'some bytes';
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let value = count;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
