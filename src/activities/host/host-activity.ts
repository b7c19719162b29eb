import { ApplicationFailure, Context } from '@temporalio/activity';
import type { HostActivityInput } from '../../domain/agent-protocol.ts';
import type { Outcome } from '../../domain/outcome.ts';
import type { StopProtocol } from '../../kinds/define-kind.ts';
import { type AttemptDeps, AttemptFault, performAttempt } from './attempt.ts';
import type { AttemptBody } from './attempt-context.ts';
import type { AttemptLink } from './attempt-link.ts';

/** What the agent registers, once it has made the link of the attempt. */
export type HostActivity = (input: HostActivityInput, link: AttemptLink) => Promise<Outcome>;

/** The type of failure that a run sees when an attempt threw; its message is the code. */
export const HOST_ACTIVITY_FAULT = 'HostActivityFault';

/** Puts a body into Temporal: the thin side. A stop ends with the reason that Temporal gave, never an AbortError. */
export function hostActivity(stop: StopProtocol, body: AttemptBody, deps: AttemptDeps): HostActivity {
  return async (input, link) => {
    const context = Context.current();
    const host = { signal: context.cancellationSignal, heartbeat: () => context.heartbeat() };
    try {
      return await performAttempt(body, stop, input, link, host, deps);
    } catch (thrown) {
      if (!(thrown instanceof AttemptFault)) throw thrown;
      // Histories are read by more people than job logs: type and code only, no cause, no stack.
      throw ApplicationFailure.create({ type: HOST_ACTIVITY_FAULT, message: thrown.code, nonRetryable: true });
    }
  };
}
