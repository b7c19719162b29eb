import { type Metadata, status } from '@grpc/grpc-js';
import type { Clock } from '../lib/clock.ts';
import { asError } from '../lib/failure.ts';
import type { Log } from '../lib/log.ts';
import { type HostCredential, parseCredential } from './credential.ts';
import { Buckets } from './limits.ts';
import { later, Refusal } from './refusal.ts';
import type { GatewayStore, HostIdentity } from './store.ts';

/** A revoked credential is found out at the latest after this. */
const KEPT_MS = 5_000;
const MAX_KEPT = 20_000;
/** Wrong credentials from one address: guessing 256 bits is hopeless, but each guess costs a query. */
const GUESSES = { perSecond: 5, burst: 50 };

/** Who calls: credentials and what the store said of them, kept for a few seconds. */
export class Hosts {
  readonly #store: Pick<GatewayStore, 'authenticate'>;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #guesses: Buckets;
  readonly #kept = new Map<string, { untilMs: number; host: Promise<HostIdentity | null> }>();

  constructor(store: Pick<GatewayStore, 'authenticate'>, clock: Clock, log: Log) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    this.#guesses = new Buckets(clock, GUESSES);
  }

  /** The host whose credential came with a call; null when it is none, unknown, or revoked. */
  async identify(metadata: Metadata, peer: string): Promise<HostIdentity | null> {
    const address = addressOf(peer);
    const header = metadata.get('authorization');
    const text = header.length === 1 ? String(header[0]) : '';
    const credential = text.startsWith('Bearer ') ? parseCredential(text.slice('Bearer '.length)) : null;
    if (!credential) return null;
    if (!this.#guesses.has(address)) throw new Refusal(status.RESOURCE_EXHAUSTED, 'too many wrong credentials', false);
    const host = await this.#lookUp(credential);
    if (!host) this.#guesses.take(address);
    return host;
  }

  #lookUp(credential: HostCredential): Promise<HostIdentity | null> {
    const key = credential.hash.toString('base64');
    const nowMs = this.#clock.now().getTime();
    const kept = this.#kept.get(key);
    if (kept && kept.untilMs > nowMs) return kept.host;
    if (this.#kept.size >= MAX_KEPT) this.#forgetOld(nowMs);
    const host = this.#store.authenticate(credential.orgId, credential.hostId, credential.hash).catch((thrown) => {
      this.#kept.delete(key);
      this.#log.error({ err: asError(thrown) }, 'credentials cannot be looked up');
      throw later('credentials cannot be looked up at the moment');
    });
    this.#kept.set(key, { untilMs: nowMs + KEPT_MS, host });
    return host;
  }

  #forgetOld(nowMs: number): void {
    for (const [key, kept] of this.#kept) if (kept.untilMs <= nowMs) this.#kept.delete(key);
    if (this.#kept.size >= MAX_KEPT) this.#kept.clear();
  }
}

/** `10.0.0.7:4711` and `[::1]:4711` without the port. */
export function addressOf(peer: string): string {
  return peer.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
}
