import type { LogLine } from '../../src/domain/agent-protocol.ts';
import { newCredential, parseCredential } from '../../src/gateway/credential.ts';
import type { AttemptTicket, GatewayStore, HostIdentity, PresenceBeat } from '../../src/gateway/store.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { newUuid, systemRandom } from '../../src/lib/ids.ts';
import { type Keyring, seal } from '../../src/lib/seal.ts';

interface HostState {
  identity: HostIdentity;
  epoch: number;
  commandQueue: string | null;
}

/** The gateway's memory without a database: what a test needs to see of it is public. */
export class MemoryStore implements GatewayStore {
  readonly audit: { hostId: string; what: string; detail: string }[] = [];
  readonly beaten: PresenceBeat[] = [];
  readonly lines: LogLine[] = [];
  readonly claims: AttemptTicket[] = [];
  readonly #keyring: Keyring;
  readonly #credentials = new Map<string, HostState>();
  readonly #orgId = newUuid(systemClock, systemRandom);
  /** Set to make every look-up fail, as when the database is away. */
  away = false;

  constructor(keyring: Keyring) {
    this.#keyring = keyring;
  }

  enrol(hostName: string): HostIdentity & { credential: string } {
    const hostId = newUuid(systemClock, systemRandom);
    const credential = newCredential(this.#orgId, hostId, systemRandom);
    const identity = { orgId: this.#orgId, hostId, hostName };
    this.#credentials.set(this.#keyOf(credential), { identity, epoch: 0, commandQueue: null });
    return { ...identity, credential };
  }

  revoke(credential: string): void {
    this.#credentials.delete(this.#keyOf(credential));
  }

  async authenticate(_orgId: string, _hostId: string, hash: Buffer): Promise<HostIdentity | null> {
    if (this.away) throw new Error('the database is away');
    return this.#credentials.get(hash.toString('hex'))?.identity ?? null;
  }

  async hello(host: HostIdentity): Promise<{ epoch: number }> {
    const state = this.#state(host);
    state.epoch++;
    state.commandQueue = null;
    return { epoch: state.epoch };
  }

  async epoch(host: HostIdentity): Promise<{ epoch: number; commandQueue: string | null }> {
    const { epoch, commandQueue } = this.#state(host);
    return { epoch, commandQueue };
  }

  async bindCommandQueue(host: HostIdentity, epoch: number, queue: string): Promise<boolean> {
    const state = this.#state(host);
    const taken = [...this.#credentials.values()].some((other) => other !== state && other.commandQueue === queue);
    if (taken || state.epoch !== epoch || (state.commandQueue ?? queue) !== queue) return false;
    state.commandQueue = queue;
    return true;
  }

  async beats(beats: readonly PresenceBeat[]): Promise<void> {
    this.beaten.push(...beats);
  }

  async claim(host: HostIdentity, ticket: AttemptTicket) {
    this.claims.push(ticket);
    const place = { table: 'repository', row: 'r', column: 'password' };
    const sealed = seal(this.#keyring, { ...place, organisation: host.orgId }, 'sesame');
    const secrets = [{ ...place, name: 'password', version: 1, sealed }];
    return { verdict: 'claimed' as const, work: { hello: 'work' }, secrets };
  }

  async report(
    _host: HostIdentity,
    _ticket: AttemptTicket,
    _hash: Buffer,
    firstSeq: number,
    lines: readonly LogLine[],
  ) {
    this.lines.push(...lines);
    return { nextSeq: firstSeq + lines.length, closed: false };
  }

  async refused({ hostId }: HostIdentity, what: string, detail: string): Promise<void> {
    this.audit.push({ hostId, what, detail });
  }

  #keyOf(credential: string): string {
    return parseCredential(credential)!.hash.toString('hex');
  }

  #state(host: HostIdentity): HostState {
    const found = [...this.#credentials.values()].find(({ identity }) => identity.hostId === host.hostId);
    if (!found) throw new Error('no such host');
    return found;
  }
}
