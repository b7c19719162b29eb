import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { RateLimiter } from '../../lib/rate-limiter.ts';
import { ScramClient } from './scram-client.ts';

const CHANNEL = 'holdfast_change';
/**
 * Four hints in 80 ms: NOTIFY in every transaction cost 3/4 of the throughput of 32 writers. A short job begins and ends
 * within 20 ms, and each is told at once: with one hint each 20 ms its end was seen 20 to 30 ms late.
 */
const HINTS = { places: 4, restMs: 80 };
/** A database that is away is asked for a connection no more often than this. */
const REST_MS = 1_000;

/**
 * Tells all processes that something was committed, and hears it from them, over one connection of its own. The hint
 * says "there is something new" and nothing else: what is there to see, the reader's own login decides. A hint can get lost (a process that
 * dies between commit and NOTIFY, a connection that breaks), so who listens also refreshes by itself each second or two.
 */
export class ChangeNotifier {
  readonly #config: pg.ClientConfig;
  readonly #listeners = new Set<() => void>();
  readonly #limiter = new RateLimiter(HINTS.places, HINTS.restMs);
  #client: Promise<pg.Client> | null = null;
  #listening = false;
  #wanted = false;
  #working = false;
  #closed = false;

  constructor(url: string, applicationName: string) {
    this.#config = { connectionString: url, application_name: applicationName, connectionTimeoutMillis: 5_000 };
  }

  /** Has everybody refresh: at once, or as soon as there were few lately. Never throws, never waits. */
  notify(): void {
    this.#wanted = true;
    this.#kick();
  }

  /** Calls `refresh` after hints of any process, this one too, until the returned function is called. Many hints may become one. */
  listen(refresh: () => void): () => void {
    this.#listeners.add(refresh);
    this.#kick();
    return () => {
      this.#listeners.delete(refresh);
      this.#kick();
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#listeners.clear();
    const client = this.#client;
    this.#client = null;
    await client?.then((open) => open.end()).catch(() => {});
  }

  get #isDeaf(): boolean {
    return this.#listeners.size > 0 !== this.#listening;
  }

  #kick(): void {
    if (!this.#working) void this.#work();
  }

  async #work(): Promise<void> {
    this.#working = true;
    while (!this.#closed && (this.#wanted || this.#isDeaf)) {
      await this.#limiter.wait();
      const sent = await this.#exchange().then(
        () => true,
        () => false,
      );
      if (sent) continue;
      this.#lose();
      await pause(REST_MS, undefined, { ref: false });
    }
    this.#working = false;
  }

  async #exchange(): Promise<void> {
    this.#client ??= this.#connect();
    const client = await this.#client;
    if (this.#isDeaf) {
      this.#listening = !this.#listening;
      await client.query(this.#listening ? `listen ${CHANNEL}` : `unlisten ${CHANNEL}`);
      // Whatever was told before we could hear it.
      if (this.#listening) this.#hear();
    }
    if (!this.#wanted) return;
    this.#wanted = false;
    await client.query(`notify ${CHANNEL}, 'change'`);
  }

  async #connect(): Promise<pg.Client> {
    const client = new ScramClient(this.#config);
    client.on('notification', () => this.#hear());
    client.on('error', () => {});
    client.on('end', () => {
      this.#lose();
      this.#kick();
    });
    await client.connect();
    return client;
  }

  /** The hint that was on its way is gone with the connection. Only who listens needs another one at once. */
  #lose(): void {
    this.#client = null;
    this.#listening = false;
  }

  #hear(): void {
    for (const refresh of this.#listeners) refresh();
  }
}
