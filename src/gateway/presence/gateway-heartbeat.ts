import type { GatewayStore } from '../../domain/hosts/gateway-store.ts';
import { GATEWAY_LIVES_EVERY_MS } from '../../domain/jobs/silence.ts';
import { asError } from '../../lib/failure.ts';
import type { Log } from '../../lib/log.ts';

/**
 * Says that this gateway takes beats. Without it nobody can tell a silent host from a gateway that was away. A start is
 * told as such until it was written once: agents need a moment to find their way back.
 */
export class GatewayHeartbeat {
  readonly #store: Pick<GatewayStore, 'heartbeat'>;
  readonly #log: Log;
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;
  #told: Promise<void> = Promise.resolve();

  constructor(store: Pick<GatewayStore, 'heartbeat'>, log: Log) {
    this.#store = store;
    this.#log = log;
  }

  start(): void {
    this.#told = this.#tell(true);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer) clearTimeout(this.#timer);
    await this.#told;
  }

  async #tell(justStarted: boolean): Promise<void> {
    const written = await this.#store.heartbeat(justStarted).then(
      () => true,
      (thrown) => {
        this.#log.warn({ err: asError(thrown) }, 'gateway presence write failed');
        return false;
      },
    );
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      this.#told = this.#tell(justStarted && !written);
    }, GATEWAY_LIVES_EVERY_MS);
  }
}
