import type { RandomBytes } from '../../lib/ids.ts';
import { problemAdvice } from '../output/advice.ts';
import { CliError, EXIT, type ExitCode, type ReceivedProblem } from '../output/exit.ts';
import type { AnswerOf, BodyOf, ItemOf, PathOf, QueryOf } from './api-types.ts';
import type { Profile } from './profile.ts';

type Query = Readonly<Record<string, string | number | readonly string[] | undefined>>;

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

  async get<Path extends PathOf<'get'>>(path: Path, query: QueryOf<Path> = {}): Promise<AnswerOf<'get', Path>> {
    return (await this.#send('GET', withQuery(path, query as Query))) as AnswerOf<'get', Path>;
  }

  async post<Path extends PathOf<'post'>>(
    path: Path,
    body: BodyOf<'post', Path>,
    options: { creates?: boolean } = {},
  ): Promise<AnswerOf<'post', Path>> {
    const headers = options.creates ? { 'idempotency-key': Buffer.from(this.#random(16)).toString('hex') } : undefined;
    return (await this.#send('POST', path, body, headers)) as AnswerOf<'post', Path>;
  }

  /** With the version that the caller saw, a change that somebody else made meanwhile is not written over. */
  async patch<Path extends PathOf<'patch'>>(
    path: Path,
    body: BodyOf<'patch', Path>,
    options: { ifVersion?: number } = {},
  ): Promise<AnswerOf<'patch', Path>> {
    const headers = options.ifVersion === undefined ? undefined : { 'if-match': `"${options.ifVersion}"` };
    return (await this.#send('PATCH', path, body, headers)) as AnswerOf<'patch', Path>;
  }

  /** Puts the whole of it anew, unless somebody else changed the row since the caller saw this version. */
  async put<Path extends PathOf<'put'>>(
    path: Path,
    body: BodyOf<'put', Path>,
    ifVersion: number,
  ): Promise<AnswerOf<'put', Path>> {
    return (await this.#send('PUT', path, body, { 'if-match': `"${ifVersion}"` })) as AnswerOf<'put', Path>;
  }

  async delete(path: PathOf<'delete'>): Promise<void> {
    await this.#send('DELETE', path);
  }

  /** All items of a list, over its pages. */
  async list<Path extends PathOf<'get'>>(path: Path, query: QueryOf<Path> = {}): Promise<ItemOf<Path>[]> {
    return (await this.listUpTo(Number.POSITIVE_INFINITY, path, query)).items;
  }

  /** The first `max` items of a list, and whether there are more. */
  async listUpTo<Path extends PathOf<'get'>>(
    max: number,
    path: Path,
    query: QueryOf<Path>,
  ): Promise<{ items: ItemOf<Path>[]; cut: boolean }> {
    const items: ItemOf<Path>[] = [];
    let cursor: string | null = null;
    do {
      const part: Query = { limit: Math.min(200, max), ...query, cursor: cursor ?? undefined };
      const page = (await this.#send('GET', withQuery(path, part))) as Page<ItemOf<Path>>;
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

  async #send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<unknown> {
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

interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

/** A parameter with several values is repeated. */
function withQuery(path: string, query: Query): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [value].flat().map((one): [string, string] => [name, String(one)]),
  );
  return pairs.length === 0 ? path : `${path}?${new URLSearchParams(pairs)}`;
}

function reasonOf(error: Error): string {
  const cause = error.cause as { code?: string; message?: string } | undefined;
  return cause?.code ?? cause?.message ?? error.message;
}

async function readAnswer(response: Response, { url, keyFrom }: Profile): Promise<unknown> {
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
