import type { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import type { AttemptLink } from '../activities/host/attempt-link.ts';
import type { LogSpool } from '../activities/host/log-spool.ts';
import { type HostActivityInput, TICKET_HEADER } from '../domain/agent-protocol.ts';
import type { Outcome } from '../domain/outcome.ts';
import { currentAttempt, withinAttempt } from './attempt-context.ts';
import type { GatewayClient } from './gateway-client.ts';
import type { TokenShelf } from './token-shelf.ts';

/** The host activities by their versioned names. */
export type HostActivities = Readonly<
  Record<string, (input: HostActivityInput, link: AttemptLink) => Promise<Outcome>>
>;

/** As Temporal calls them: each gets the link of the attempt it was called for. */
export function withLink(activities: HostActivities): Record<string, (input: HostActivityInput) => Promise<Outcome>> {
  const linked = Object.entries(activities).map(([name, run]) => {
    return [name, (input: HostActivityInput) => run(input, currentAttempt().link)] as const;
  });
  return Object.fromEntries(linked);
}

/** What the process has under way; presence tells the gateway about it. */
export class RunningAttempts {
  readonly #attempts = new Set<HostActivityInput>();

  async during<Result>(input: HostActivityInput, run: () => Promise<Result>): Promise<Result> {
    this.#attempts.add(input);
    try {
      return await run();
    } finally {
      this.#attempts.delete(input);
    }
  }

  list(): { jobId: string; attempt: number }[] {
    return [...this.#attempts].map(({ jobId, attempt }) => ({ jobId, attempt }));
  }
}

/** Takes token and ticket from the task, makes the link of them, and keeps the token on disk as long as the attempt runs. */
export function attemptInterceptor(
  gateway: GatewayClient,
  running: RunningAttempts,
  shelf: TokenShelf,
  spool: LogSpool,
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
        const putBack = await shelf.keep(capability.token);
        try {
          return await running.during(input, () => withinAttempt({ link, input }, () => next(call)));
        } finally {
          await putBack();
        }
      },
    },
  });
}
