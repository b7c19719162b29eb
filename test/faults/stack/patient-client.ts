import { setTimeout as sleep } from 'node:timers/promises';
import type { Profile } from '../../../src/cli/client/profile.ts';

const TRY_MS = 250;

// biome-ignore lint/suspicious/noExplicitAny: answers of many shapes, of which a scenario reads a field or two
export type Answer = any;

/**
 * A client that never gives up and never asks for two things when it wants one: each POST keeps its Idempotency-Key
 * until it is answered. Several addresses are replicas, tried in turn.
 */
export class PatientClient {
  readonly #profiles: readonly Profile[];
  #next = 0;

  constructor(profiles: readonly Profile[]) {
    this.#profiles = profiles;
  }

  get(path: string, withinMs = 120_000): Promise<Answer> {
    return this.#ask('GET', path, undefined, withinMs);
  }

  post(path: string, body: unknown, withinMs = 120_000): Promise<Answer> {
    return this.#ask('POST', path, body, withinMs);
  }

  /** One question to the first address, whatever comes. */
  async status(path: string): Promise<{ status: number; retryAfter: string | null }> {
    const answer = await this.#send(this.#profiles[0]!, 'GET', path, undefined, '');
    return { status: answer.status, retryAfter: answer.headers.get('retry-after') };
  }

  /** Whether every replica answers. */
  async allAnswer(): Promise<boolean> {
    const answers = await Promise.all(this.#profiles.map((one) => this.#send(one, 'GET', 'jobs', undefined, '')));
    return answers.every(({ ok }) => ok);
  }

  async #ask(method: string, path: string, body: unknown, withinMs: number): Promise<Answer> {
    const key = crypto.randomUUID();
    const end = Date.now() + withinMs;
    for (;;) {
      const answer = await this.#once(method, path, body, key).catch((error: Error) => error);
      if (answer instanceof Response && answer.status < 500) {
        const text = await answer.text().catch(() => null);
        if (text !== null && !answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
        if (text !== null) return JSON.parse(text);
      }
      if (Date.now() > end) {
        const said = answer instanceof Response ? `${answer.status} ${await answer.text()}` : answer.message;
        throw new Error(`${method} ${path} was not answered in ${withinMs} ms: ${said}`);
      }
      await sleep(TRY_MS);
    }
  }

  #once(method: string, path: string, body: unknown, key: string): Promise<Response> {
    return this.#send(this.#profiles[this.#next++ % this.#profiles.length]!, method, path, body, key);
  }

  #send({ url, apiKey }: Profile, method: string, path: string, body: unknown, key: string): Promise<Response> {
    return fetch(`${url}/api/v1/${path}`, {
      method,
      headers: {
        authorization: `Bearer ${apiKey}`,
        ...(method === 'POST' ? { 'content-type': 'application/json', 'idempotency-key': key } : {}),
      },
      signal: AbortSignal.timeout(5_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }
}
