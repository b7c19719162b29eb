import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Profile } from '../../src/cli/client/profile.ts';
import { readServerEvents } from '../../src/cli/client/server-events.ts';
import { LineTally } from './line-tally.ts';

const AGAIN_MS = 250;
/** What an API answers that cannot look at the moment. */
const COMES_BACK = new Set(['restarting', 'unavailable']);

/** Somebody with a bad line who watches a job to its end: each time it is dropped it goes on behind the last whole event. */
export class LogViewer {
  readonly lines: LineTally;
  drops = 0;
  ends = 0;
  readonly #name: string;
  readonly #url: URL;
  readonly #apiKey: string;
  readonly #dropEvery: number;
  #lastId: string | null = null;
  #cut: () => void = () => {};
  #over = false;

  /** Drops itself each time that it has seen so many lines more. */
  constructor(name: string, api: Profile, jobId: string, lines: number, dropEvery: number) {
    this.#name = name;
    this.#url = new URL(`/api/v1/jobs/${jobId}/stream`, api.url);
    this.#apiKey = api.apiKey;
    this.#dropEvery = dropEvery;
    this.lines = new LineTally(name, lines);
  }

  /** As a network does it, in the middle of whatever comes. */
  drop(): void {
    if (this.#over) return;
    this.drops++;
    this.#cut();
  }

  /** Watches until the end has come and the API says that there is no more, or until it is told to give up. */
  async watch(signal: AbortSignal): Promise<void> {
    signal.addEventListener('abort', () => this.#cut());
    while (!signal.aborted) {
      const status = await this.#connect().catch(() => null);
      this.#over = this.ends > 0;
      if (status === 204) return;
      if (status === null || status >= 500) await sleep(AGAIN_MS);
      else if (status !== 200) throw new Error(`${this.#name} was answered ${status}`);
    }
  }

  /** Lines that did not come once, and ends that did not. */
  get verdict() {
    const { lost, doubled, findings } = this.lines.verdict;
    const said = this.ends === 1 ? [] : [`${this.#name}: the end came ${this.ends} times`];
    return {
      lost: lost + (this.ends === 0 ? 1 : 0),
      doubled: doubled + Math.max(0, this.ends - 1),
      findings: [...findings, ...said],
    };
  }

  #connect(): Promise<number> {
    const headers = {
      authorization: `Bearer ${this.#apiKey}`,
      ...(this.#lastId === null ? {} : { 'last-event-id': this.#lastId }),
    };
    return new Promise((resolve, reject) => {
      const asking = request(this.#url, { headers, agent: false }, (response) => {
        response.on('error', () => {});
        if (response.statusCode !== 200) response.resume();
        const read = response.statusCode === 200 ? this.#read(response, cut) : Promise.resolve();
        read.then(() => resolve(response.statusCode!), reject);
      });
      const cut = new AbortController();
      cut.signal.addEventListener('abort', () => asking.destroy());
      this.#cut = () => cut.abort();
      asking.on('error', reject);
      asking.end();
    });
  }

  async #read(body: AsyncIterable<Uint8Array>, cut: AbortController): Promise<void> {
    for await (const event of readServerEvents(body)) {
      if (cut.signal.aborted) return;
      if (event === null) continue;
      this.#lastId = event.id ?? this.#lastId;
      if (event.event === 'end') this.ends++;
      if (event.event === 'closed' && !COMES_BACK.has(event.data.code)) throw new Error(event.data.detail);
      if (event.event !== 'line') continue;
      const before = this.lines.seen;
      this.lines.take(event.data.text);
      if (this.lines.seen > before && this.lines.seen % this.#dropEvery === 0) this.drop();
    }
  }
}
