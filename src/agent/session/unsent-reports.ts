import type { Clock } from '../../lib/clock.ts';
import { asError } from '../../lib/failure.ts';
import type { Log } from '../../lib/log.ts';
import type { AttemptSpool } from '../log/attempt-spool.ts';
import { LogSender } from '../log/log-sender.ts';
import type { GatewayClient } from './gateway-client.ts';

/** Lines and results that the agent of before could not bring to the gateway. */
export class UnsentReports {
  readonly #spools: readonly AttemptSpool[];
  readonly #gateway: GatewayClient;
  readonly #clock: Clock;
  readonly #log: Log;

  constructor(spools: readonly AttemptSpool[], gateway: GatewayClient, { clock, log }: { clock: Clock; log: Log }) {
    this.#spools = spools;
    this.#gateway = gateway;
    this.#clock = clock;
    this.#log = log;
  }

  /**
   * Tells how attempts ended that ended before the agent did: in an instant, whatever waits of their lines. Their tokens
   * go to `end`, because the engine has not heard of the end either.
   */
  async tellResults(end: (token: string) => Promise<unknown>): Promise<void> {
    for (const spool of this.#spools) {
      const result = await spool.unsentResult();
      if (result === null) continue;
      const { token, input } = spool.attempt;
      await this.#linkOf(spool)
        .report(0, [], null, result, false)
        .then(
          () => end(token),
          (thrown) =>
            this.#log.warn({ jobId: input.jobId, err: asError(thrown) }, 'unsent result not delivered, kept in spool'),
        );
    }
  }

  /** Brings the lines, one attempt after the other, for as long as the gateway takes them. Never rejects. */
  async deliver(): Promise<void> {
    for (const spool of this.#spools) {
      const { jobId, attempt } = spool.attempt.input;
      const sender = new LogSender(this.#linkOf(spool), this.#clock, undefined, undefined, spool);
      void sender.close(await spool.unsentResult());
      await sender.ended();
      this.#log.info({ jobId, attempt }, 'spooled lines delivered');
    }
  }

  #linkOf({ attempt: { token, ticket } }: AttemptSpool) {
    return this.#gateway.attempt(token, ticket);
  }
}
