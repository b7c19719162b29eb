import type { RandomBytes } from '../../lib/ids.ts';
import { problemAdvice } from '../output/advice.ts';
import { CliError, EXIT, type ExitCode, type ReceivedProblem } from '../output/exit.ts';
import type { Answer } from './answer.ts';
import type { Profile } from './profile.ts';

type Query = Readonly<Record<string, string | undefined>>;

const TRIES = 4;
const TIMEOUT_MS = 30_000;
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Speaks to the API. What creates something carries an Idempotency-Key, so that it can be sent again when an answer was lost. */
export class ApiClient {
  readonly #profile: Profile;
  readonly #random: RandomBytes;

  constructor(profile: Profile, random: RandomBytes) {
    this.#profile = profile;
    this.#random = random;
  }

  get(path: string): Promise<Answer> {
    return this.#send('GET', path);
  }

  post(path: string, body: unknown, options: { creates?: boolean } = {}): Promise<Answer> {
    const headers = options.creates ? { 'idempotency-key': Buffer.from(this.#random(16)).toString('hex') } : undefined;
    return this.#send('POST', path, body, headers);
  }

  /** With the version that the caller saw, a change that somebody else made meanwhile is not written over. */
  patch(path: string, body: unknown, options: { ifVersion?: number } = {}): Promise<Answer> {
    const headers = options.ifVersion === undefined ? undefined : { 'if-match': `"${options.ifVersion}"` };
    return this.#send('PATCH', path, body, headers);
  }

  /** Puts the whole of it anew, unless somebody else changed the row since the caller saw this version. */
  put(path: string, body: unknown, ifVersion: number): Promise<Answer> {
    return this.#send('PUT', path, body, { 'if-match': `"${ifVersion}"` });
  }

  delete(path: string): Promise<Answer> {
    return this.#send('DELETE', path);
  }

  /** All items of a list, over its pages. */
  async list(path: string, query: Query): Promise<Answer[]> {
    return (await this.listUpTo(Number.POSITIVE_INFINITY, path, query)).items;
  }

  /** The first `max` items of a list, and whether there are more. `more` is query text for what is repeated. */
  async listUpTo(max: number, path: string, query: Query, more = ''): Promise<{ items: Answer[]; cut: boolean }> {
    const items: Answer[] = [];
    let cursor: string | null = null;
    do {
      const search = new URLSearchParams({ limit: String(Math.min(200, max)) });
      for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, value);
      if (cursor !== null) search.set('cursor', cursor);
      const page = await this.get(`${path}?${search}${more}`);
      items.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== null && items.length < max);
    return { items: items.slice(0, max), cut: cursor !== null || items.length > max };
  }

  /** An answer that is read as it comes; the signal ends it. */
  async open(path: string, headers: Record<string, string>, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const response = await this.#fetch('GET', path, undefined, { accept: '*/*', ...headers }, signal);
    if (!response.ok) await readAnswer(response, this.#profile);
    return response.body ?? new Blob([]).stream();
  }

  async #send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const repeatable = method === 'GET' || 'idempotency-key' in headers;
    for (let tried = 1; ; tried++) {
      const last = !repeatable || tried === TRIES;
      const answer = await this.#once(method, path, body, headers).catch((error: unknown) => error as Error);
      if (answer instanceof Error) {
        if (last)
          throw new CliError(
            EXIT.unreachable,
            `The API at ${this.#profile.url} cannot be reached: ${reasonOf(answer)}.`,
            { mayPass: true },
          );
      } else if (answer.status !== 503 || last) return await readAnswer(answer, this.#profile);
      await sleep(250 * 2 ** (tried - 1));
    }
  }

  #once(method: string, path: string, body: unknown, headers: Record<string, string>): Promise<Response> {
    return this.#fetch(method, path, body, headers, AbortSignal.timeout(TIMEOUT_MS));
  }

  #fetch(
    method: string,
    path: string,
    body: unknown,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<Response> {
    return fetch(`${this.#profile.url}/api/v1/${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#profile.apiKey}`,
        accept: 'application/json, application/problem+json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      redirect: 'error',
      signal,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }
}

function reasonOf(error: Error): string {
  const cause = error.cause as { code?: string; message?: string } | undefined;
  return cause?.code ?? cause?.message ?? error.message;
}

async function readAnswer(response: Response, { url, keyFrom }: Profile): Promise<Answer> {
  if (response.status === 204) return null;
  const body = parse(await response.text());
  if (response.ok && body !== null) return body;
  const id = response.headers.get('x-request-id');
  const said = (body as ReceivedProblem | null) ?? {};
  // Each answer of ours that is not 2xx is a problem with a code.
  if (response.status < 500 && said.code === undefined) throw notOurs(response.status, url);
  const what = said.detail ?? said.title ?? `The API answered with status ${response.status}.`;
  const mayPass = response.status >= 500 || response.status === 429;
  const whose = response.status === 401 && keyFrom !== undefined ? `The key comes from ${keyFrom}.` : '';
  const message = [id === null ? what : `${what} (request ${id})`, whose, problemAdvice(said)]
    .filter(Boolean)
    .join(' ');
  throw new CliError(exitOf(response.status), message, { mayPass, problem: said });
}

const notOurs = (status: number, url: string) =>
  new CliError(
    EXIT.unreachable,
    `What answers at ${url} with status ${status} is not the API of Holdfast. Check the address in HOLDFAST_URL or cli.json; behind a proxy it has the path that the proxy serves.`,
  );

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const exitOf = (status: number): ExitCode =>
  status === 401 || status === 403 || status >= 500 || status < 400 ? EXIT.unreachable : EXIT.usage;
