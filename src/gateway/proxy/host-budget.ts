import type { Clock } from '../../lib/clock.ts';
import { Buckets } from '../agent-api/limits.ts';

/** Lines of a host come at this pace at the most. */
const BYTES = { perSecond: 4 * 1024 * 1024, burst: 16 * 1024 * 1024 };
/** Of a second of the gateway's thread: a host that floods with 4 MiB of plain lines costs 30 ms of it. */
const WORK_MS = { perSecond: 80, burst: 600 };
/** What a call costs beside the reading of its message. */
const CALL_MS = 0.1;

/** What a host may cost: who sent more, or what was dearer to read, is read later, so that others are not. */
export class HostBudget {
  readonly #bytes: Buckets;
  readonly #workMs: Buckets;

  constructor(clock: Clock) {
    this.#bytes = new Buckets(clock, BYTES);
    this.#workMs = new Buckets(clock, WORK_MS);
  }

  received(hostId: string, bytes: number): void {
    this.#bytes.charge(hostId, bytes);
    this.#workMs.charge(hostId, CALL_MS);
  }

  /** Reads what a host sent, at its expense: what a message costs is known only afterwards, and is not its length. */
  reading<Read>(hostId: string, read: () => Read): Read {
    const before = process.threadCpuUsage();
    try {
      return read();
    } finally {
      const { user, system } = process.threadCpuUsage(before);
      this.#workMs.charge(hostId, (user + system) / 1_000);
    }
  }

  /** How long until it has paid. */
  debtMs(hostId: string): number {
    return Math.max(this.#bytes.waitMs(hostId), this.#workMs.waitMs(hostId));
  }
}
