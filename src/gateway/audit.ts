import type { Clock } from '../lib/clock.ts';
import { asError } from '../lib/failure.ts';
import type { Log } from '../lib/log.ts';
import { Buckets } from './limits.ts';
import type { GatewayStore, HostIdentity } from './store.ts';

/** One row for each host and method in ten seconds: an agent in a loop must not fill the audit. */
const ROWS = { perSecond: 0.1, burst: 1 };
const MAX_DETAIL = 300;

/** Writes down what agents tried and may not. A failure to write never changes the answer. */
export class RefusalAudit {
  readonly #store: Pick<GatewayStore, 'refused'>;
  readonly #log: Log;
  readonly #rows: Buckets;

  constructor(store: Pick<GatewayStore, 'refused'>, clock: Clock, log: Log) {
    this.#store = store;
    this.#log = log;
    this.#rows = new Buckets(clock, ROWS);
  }

  refused(host: HostIdentity, what: string, detail: string): void {
    if (!this.#rows.take(`${host.hostId} ${what}`)) return;
    this.#log.warn({ hostId: host.hostId, what, detail }, 'refused');
    this.#store.refused(host, what, detail.slice(0, MAX_DETAIL)).catch((thrown) => {
      this.#log.error(
        { err: asError(thrown), hostId: host.hostId, what },
        'a refusal could not be written to the audit',
      );
    });
  }
}
