import type { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { type HostActivityInput, QUIESCENCE_ACTIVITY, TICKET_HEADER } from '../../domain/jobs/agent-protocol.ts';
import type { Outcome } from '../../domain/jobs/outcome.ts';
import type { AttemptLink } from '../attempt/attempt-link.ts';
import type { LogSpool } from '../log/log-spool.ts';
import { currentAttempt, withinAttempt } from './current-attempt.ts';
import type { GatewayClient } from './gateway-client.ts';
import type { AgentLane, RunningAttempts } from './running-attempts.ts';
import type { TaskTokenStore } from './task-token-store.ts';

/** The host activities by their versioned names. */
export type HostActivities = Readonly<
  Record<string, (input: HostActivityInput, link: AttemptLink, cutOff: AbortSignal) => Promise<Outcome>>
>;

/** As Temporal calls them: each gets the link of the attempt it was called for. */
export function withLink(activities: HostActivities): Record<string, (input: HostActivityInput) => Promise<Outcome>> {
  const linked = Object.entries(activities).map(([name, run]) => {
    const called = (input: HostActivityInput) => {
      const { link, cutOff } = currentAttempt();
      return run(input, link, cutOff);
    };
    return [name, called] as const;
  });
  return Object.fromEntries(linked);
}

export interface AttemptParts {
  readonly gateway: GatewayClient;
  readonly running: RunningAttempts;
  readonly tokens: TaskTokenStore;
  readonly spool: LogSpool;
}

/** Takes token and ticket from the task, makes the link of them, and keeps the token on disk as long as the attempt runs. */
export function attemptInterceptor(
  { gateway, running, tokens, spool }: AttemptParts,
  lane: AgentLane,
): ActivityInterceptorsFactory {
  return (context: Context) => ({
    inbound: {
      async execute(call, next) {
        const ticket = call.headers[TICKET_HEADER]?.data;
        const input = call.args[0] as HostActivityInput | undefined;
        if (!ticket || !input)
          throw ApplicationFailure.nonRetryable('This task came without a ticket from the gateway.', 'no-ticket');
        const capability = { token: context.info.base64TaskToken, ticket: Buffer.from(ticket).toString('base64') };
        const link: AttemptLink = {
          ...gateway.attempt(capability.token, capability.ticket),
          openSpool: () => spool.open({ ...capability, input }),
        };
        const putBack = await tokens.keep(capability.token);
        const perform = (cutOff: AbortSignal) => withinAttempt({ link, input, cutOff }, () => next(call));
        try {
          // Its row says whether the host is to end anything of the job: a task alone is no order for that.
          if (context.info.activityType === QUIESCENCE_ACTIVITY) {
            await link.claim();
            await running.end(input.jobId);
          }
          const { heartbeatTimeoutMs = Number.POSITIVE_INFINITY } = context.info;
          return await running.during({ input, lane, heartbeatTimeoutMs }, perform);
        } finally {
          await putBack();
        }
      },
    },
  });
}
