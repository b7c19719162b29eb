import type { Permission } from '../../catalog/permissions.ts';
import type { Can } from '../core/actor.ts';
import { isTerminal, type JobState, transition } from './job-state.ts';

/** What may be done with a row by whoever asks: true, or in words why not. The rules stand here once, for API, CLI and console. */
type Allowed = Readonly<Record<string, true | string>>;

const permitted = (can: Can, permission: Permission, siteId: string | null): true | string =>
  can(permission, siteId) || `needs the permission ${permission}`;

interface JobForActions {
  readonly state: JobState;
  readonly siteId: string | null;
}

export function jobAllowed({ state, siteId }: JobForActions, can: Can): Allowed {
  const cancel = isTerminal(state)
    ? `it has ended as ${state}`
    : transition(state, 'cancel-asked') === null
      ? `it is ${state}`
      : state === 'cancelling'
        ? 'it is being cancelled'
        : permitted(can, 'job:cancel', siteId);
  return {
    cancel,
    logs: permitted(can, 'job:read_logs', siteId),
    startAgain: isTerminal(state) ? permitted(can, 'job:start', siteId) : 'it has not ended',
  };
}

/** What a person would do next with a job; null when there is nothing to do. */
export function jobNextAction({ state }: JobForActions): 'wait' | 'read-log' | 'look-at-host' | null {
  if (!isTerminal(state)) return 'wait';
  if (state === 'unknown') return 'look-at-host';
  return state === 'succeeded' || state === 'cancelled' ? null : 'read-log';
}

export function hostAllowed(siteId: string, can: Can): Allowed {
  return { startJobs: permitted(can, 'job:start', siteId) };
}

export function hostNextAction(online: boolean, seenBefore: boolean): 'start-agent' | 'look-at-agent' | null {
  if (online) return null;
  return seenBefore ? 'look-at-agent' : 'start-agent';
}

export function planAllowed(siteId: string, can: Can): Allowed {
  const start = permitted(can, 'job:start', siteId);
  return {
    backup: start === true ? permitted(can, 'backup:run', siteId) : start,
    change: permitted(can, 'plan:manage', siteId),
    remove: permitted(can, 'plan:manage', siteId),
  };
}

/** A repository that nobody has seen working has to be made first; one that was ready once never again by itself. */
export function planNextAction(repository: {
  readonly state: string;
  readonly wasReady: boolean;
}): 'initialise' | 'mend-repository' | 'backup' {
  const { state, wasReady } = repository;
  if (state === 'unknown') return wasReady ? 'backup' : 'initialise';
  if (state === 'uninitialised') return 'initialise';
  return state === 'ready' || state === 'locked' ? 'backup' : 'mend-repository';
}
