import type { Socket } from 'node:net';
import { networkOf } from './network.ts';

interface ConnectionLimits {
  /** A connection on which nobody has proved to be a host by then is closed. */
  readonly proofMs: number;
  /** Such connections, in all and of one network: beyond it the oldest is closed. A host proves itself with its first call. */
  readonly strangers: number;
  readonly strangersEach: number;
  /** Of one host: Temporal's SDK has one or two, the agent's own calls one, and again while it reconnects. */
  readonly ofHost: number;
}

export const CONNECTION_LIMITS: ConnectionLimits = {
  proofMs: 10_000,
  strangers: 256,
  strangersEach: 64,
  ofHost: 16,
};

interface Known {
  readonly socket: Socket;
  readonly network: string;
  timer: NodeJS.Timeout | undefined;
  hostId: string | null;
}

/** Who is connected. Strangers are few at a time and not for long; closing the oldest keeps no host out, which refusing the next would. */
export class Connections {
  readonly #limits: ConnectionLimits;
  readonly #known = new Map<string, Known>();
  #whenEmpty = () => {};
  /** By network, and by host once it is known, the oldest first. */
  readonly #strangers = new Groups();
  readonly #hosts = new Groups();

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  /** Before anything of the connection was read. */
  accept(socket: Socket): void {
    const key = keyOf(socket.remoteAddress, socket.remotePort);
    const network = networkOf(socket.remoteAddress ?? '');
    // A socket that is gone by now tells it no more.
    if (socket.destroyed) return;
    const timer = setTimeout(() => socket.destroy(), this.#limits.proofMs).unref();
    this.#known.set(key, { socket, network, timer, hostId: null });
    this.#strangers.add(network, key);
    socket.once('close', () => this.#forget(key, socket));
    if (this.#strangers.countOf(network) > this.#limits.strangersEach) this.#close(this.#strangers.oldestOf(network));
    if (this.#strangers.count > this.#limits.strangers) this.#close(this.#strangers.oldest());
  }

  /** A call on this connection came with a good credential. */
  proved(peer: string, hostId: string): void {
    const known = this.#known.get(peer);
    if (!known || known.hostId === hostId) return;
    clearTimeout(known.timer);
    if (known.hostId === null) this.#strangers.remove(known.network, peer);
    else this.#hosts.remove(known.hostId, peer);
    known.hostId = hostId;
    this.#hosts.add(hostId, peer);
    if (this.#hosts.countOf(hostId) > this.#limits.ofHost) this.#close(this.#hosts.oldestOf(hostId));
  }

  /** Settles when all are closed: by themselves, or after so long by us. */
  async closed(withinMs: number): Promise<void> {
    if (this.#known.size === 0) return;
    const empty = new Promise<void>((resolve) => {
      this.#whenEmpty = resolve;
    });
    const cut = setTimeout(() => {
      for (const key of [...this.#known.keys()]) this.#close(key);
    }, withinMs);
    await empty;
    clearTimeout(cut);
  }

  #close(key: string | undefined): void {
    this.#known.get(key ?? '')?.socket.destroy();
    if (key !== undefined) this.#forget(key);
  }

  #forget(key: string, socket?: Socket): void {
    const known = this.#known.get(key);
    if (!known || (socket && known.socket !== socket)) return;
    clearTimeout(known.timer);
    this.#known.delete(key);
    if (known.hostId === null) this.#strangers.remove(known.network, key);
    else this.#hosts.remove(known.hostId, key);
    if (this.#known.size === 0) this.#whenEmpty();
  }
}

/** As grpc-js names a peer: `10.0.0.7:4711`, `[::1]:4711`. */
function keyOf(address: string | undefined, port: number | undefined): string {
  return address?.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Keys in groups, each in the order in which they came. */
class Groups {
  readonly #all = new Set<string>();
  readonly #groups = new Map<string, Set<string>>();

  get count(): number {
    return this.#all.size;
  }

  countOf(group: string): number {
    return this.#groups.get(group)?.size ?? 0;
  }

  add(group: string, key: string): void {
    this.#all.add(key);
    const keys = this.#groups.get(group);
    if (keys) keys.add(key);
    else this.#groups.set(group, new Set([key]));
  }

  remove(group: string, key: string): void {
    this.#all.delete(key);
    const keys = this.#groups.get(group);
    keys?.delete(key);
    if (keys?.size === 0) this.#groups.delete(group);
  }

  oldest(): string | undefined {
    return first(this.#all);
  }

  oldestOf(group: string): string | undefined {
    return first(this.#groups.get(group) ?? new Set());
  }
}

const first = (keys: Set<string>): string | undefined => keys.values().next().value;
