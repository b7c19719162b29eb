import { ApplicationFailure, Context } from '@temporalio/activity';
import type { HostActivityInput } from '../../domain/jobs/agent-protocol.ts';
import type { Outcome } from '../../domain/jobs/outcome.ts';
import type { ProgramStop } from '../../kinds/core/define-kind.ts';
import { type AttemptDeps, AttemptFault, performAttempt } from './attempt.ts';
import type { AttemptBody } from './attempt-context.ts';
import type { AttemptLink } from './attempt-link.ts';

/** What the agent registers, once it has made the link of the attempt. `cutOff` ends it like a cancel: nobody waits for its answer. */
export type HostActivity = (input: HostActivityInput, link: AttemptLink, cutOff: AbortSignal) => Promise<Outcome>;

/** The type of failure that a run sees when an attempt threw; its message is the code. */
export const HOST_ACTIVITY_FAULT = 'HostActivityFault';

/** Puts a body into Temporal: the thin side. A stop ends with the reason that Temporal gave, never an AbortError. */
export function hostActivity(stop: ProgramStop, body: AttemptBody, deps: AttemptDeps): HostActivity {
  return async (input, link, cutOff) => {
    const context = Context.current();
    const signal = AbortSignal.any([context.cancellationSignal, cutOff]);
    const host = { signal, heartbeat: () => context.heartbeat() };
    try {
      return await performAttempt(body, stop, input, link, host, deps);
    } catch (thrown) {
      if (!(thrown instanceof AttemptFault)) throw thrown;
      // Histories are read by more people than job logs: type and code only, no cause, no stack.
      throw ApplicationFailure.create({ type: HOST_ACTIVITY_FAULT, message: thrown.code, nonRetryable: true });
    }
  };
}
