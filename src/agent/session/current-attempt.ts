import { AsyncLocalStorage } from 'node:async_hooks';
import type { HostActivityInput } from '../../domain/jobs/agent-protocol.ts';
import type { AttemptLink } from '../attempt/attempt-link.ts';

interface CurrentAttempt {
  readonly link: AttemptLink;
  readonly input: HostActivityInput;
  /** Ends it although the engine has not said so. */
  readonly cutOff: AbortSignal;
}

const storage = new AsyncLocalStorage<CurrentAttempt>();

/** The attempt that the code which asks belongs to. */
export function currentAttempt(): CurrentAttempt {
  const current = storage.getStore();
  if (!current) throw new Error('currentAttempt() was called outside a host activity');
  return current;
}

export function withinAttempt<Result>(current: CurrentAttempt, run: () => Promise<Result>): Promise<Result> {
  return storage.run(current, run);
}
