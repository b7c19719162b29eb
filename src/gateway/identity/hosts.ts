import { type Metadata, status } from '@grpc/grpc-js';
import { LRUCache } from 'lru-cache';
import type { GatewayStore, HostIdentity } from '../../domain/hosts/gateway-store.ts';
import type { Clock } from '../../lib/clock.ts';
import { asError } from '../../lib/failure.ts';
import type { Log } from '../../lib/log.ts';
import { FairSemaphore } from '../agent-api/fair-semaphore.ts';
import { Buckets } from '../agent-api/limits.ts';
import { addressOf, networkOf } from '../agent-api/network.ts';
import { later, Refusal } from '../proxy/refusal.ts';
import { type PresentedCredential, parseCredential } from './credential.ts';

/** A revoked credential is found out at the latest after this. */
const CACHE_MS = 5_000;
const MAX_GOOD = 50_000;
const MAX_WRONG = 20_000;
/** Wrong credentials from one network: guessing 256 bits is hopeless, but each guess costs a query. */
const GUESSES = { perSecond: 5, burst: 50 };
/** Of the gateway's ten connections; what waits is small. */
const FIRST_TIMES = { width: 4, waitingEach: 2_000, waitingAll: 10_000 };
/**
 * Where too much was guessed. A good host that calls for the first time, from the network of somebody who guesses, waits here for
 * some milliseconds; refused at once it would be locked out for as long as he goes on.
 */
const SUSPECTS = { width: 1, waitingEach: 100, waitingAll: 1_000 };

type Known = HostIdentity | null;
interface CachedHost {
  readonly untilMs: number;
  readonly host: Promise<Known>;
}

/** Who calls: credentials and what the store said of them. One that was good lately asks no budget, wherever it comes from. */
export class Hosts {
  readonly #store: Pick<GatewayStore, 'authenticate'>;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #guesses: Buckets;
  readonly #firstTimes = new FairSemaphore(FIRST_TIMES);
  readonly #suspects = new FairSemaphore(SUSPECTS);
  /** By hash. Wrong ones apart, so that no guess drives a good one out. */
  readonly #good = new LRUCache<string, CachedHost>({ max: MAX_GOOD });
  readonly #wrong = new LRUCache<string, CachedHost>({ max: MAX_WRONG });

  constructor(store: Pick<GatewayStore, 'authenticate'>, clock: Clock, log: Log) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    this.#guesses = new Buckets(clock, GUESSES);
  }

  /** The host whose credential came with a call; null when it is none, unknown, or revoked. */
  async identify(metadata: Metadata, peer: string): Promise<Known> {
    const header = metadata.get('authorization');
    const text = header.length === 1 ? String(header[0]) : '';
    const credential = text.startsWith('Bearer ') ? parseCredential(text.slice('Bearer '.length)) : null;
    if (!credential) return null;
    const key = credential.hash.toString('base64');
    const nowMs = this.#clock.now().getTime();
    const known = this.#good.get(key);
    const cached = known ?? this.#wrong.get(key);
    if (cached && cached.untilMs > nowMs) return cached.host;
    const network = networkOf(addressOf(peer));
    const host = known ? this.#ask(credential, key, network) : this.#askInTurn(credential, key, network);
    (known ? this.#good : this.#wrong).set(key, { untilMs: nowMs + CACHE_MS, host });
    return host;
  }

  #askInTurn(credential: PresentedCredential, key: string, network: string): Promise<Known> {
    const semaphore = this.#guesses.has(network) ? this.#firstTimes : this.#suspects;
    return semaphore
      .run(network, () => this.#ask(credential, key, network))
      .catch((thrown) => {
        this.#wrong.delete(key);
        throw semaphore === this.#suspects
          ? new Refusal(status.RESOURCE_EXHAUSTED, 'too many wrong credentials', false)
          : thrown;
      });
  }

  async #ask(credential: PresentedCredential, key: string, network: string): Promise<Known> {
    let host: Known;
    try {
      host = await this.#store.authenticate(credential.orgId, credential.hostId, credential.hash);
    } catch (thrown) {
      this.#log.error({ err: asError(thrown) }, 'credential lookup failed');
      // It stays known as good: a database that was away makes nobody a stranger.
      const known = this.#good.get(key);
      if (known) this.#good.set(key, { ...known, untilMs: 0 });
      this.#wrong.delete(key);
      throw later('credentials cannot be looked up at the moment');
    }
    const cached = { untilMs: this.#clock.now().getTime() + CACHE_MS, host: Promise.resolve(host) };
    if (host) {
      this.#good.set(key, cached);
      this.#wrong.delete(key);
    } else {
      this.#good.delete(key);
      this.#wrong.set(key, cached);
      this.#guesses.take(network);
    }
    return host;
  }
}
