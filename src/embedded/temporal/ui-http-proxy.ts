import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent, request as ask } from 'node:https';
import { text } from 'node:stream/consumers';
import type { Payload, PayloadCodec } from '@temporalio/common';
import { cookieOf, sameText, UiLinks } from './ui-link.ts';

interface UiHttpProxyOptions {
  readonly port: number;
  /** Of its links and cookies. */
  readonly key: string;
  /** What its proxy to Temporal wants to hear. */
  readonly word: string;
  /** The UI server behind it. */
  readonly server: { readonly port: number; readonly authority: string; readonly serverName: string };
  readonly codec: PayloadCodec;
}

interface UiHttpProxy {
  stop(): Promise<void>;
}

/** Not the global one, which a machine's proxy variables may bend. */
const STRAIGHT = new Agent({ keepAlive: true });
/** The names of this machine by which a browser comes; a page of another name that points here does not get in. */
const HERE = /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/;
const WEEK_S = 7 * 86_400;
const MOST_BYTES = 4 * 1024 * 1024;
export const DECODE_PATH = '/holdfast/decode';

/** Lets who came by a link of ours look at Temporal's UI, with its payloads opened; everybody else reads how to get one. */
export async function startUiHttpProxy(options: UiHttpProxyOptions): Promise<UiHttpProxy> {
  const links = new UiLinks(options.key, Date.now());
  // By port: all servers on this machine share their cookies, and there may be several Holdfasts.
  const name = `holdfast-ui-${options.port}`;
  const mine = `${name}=${cookieOf(options.key)}`;
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://here');
    if (!HERE.test(request.headers.host ?? ''))
      return respond(response, 403, 'This page is opened as http://127.0.0.1 or http://localhost only.');
    if (pathname === '/open' && links.take(searchParams.get('link') ?? '', Date.now())) {
      const cookie = `${mine}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${WEEK_S}`;
      return response.writeHead(303, { location: '/', 'set-cookie': cookie }).end();
    }
    const cookies = (request.headers.cookie ?? '').split(/; */);
    if (!cookies.some((one) => sameText(one, mine)))
      return respond(
        response,
        401,
        'To look at Temporal here, run "holdfast temporal-ui" and open the link that it prints. A link is good once, for an hour.',
      );
    if (pathname === DECODE_PATH)
      return void decode(request, response, options.codec).catch(() =>
        respond(response, 400, 'These are no payloads.'),
      );
    forward(
      request,
      response,
      cookies.filter((one) => !one.startsWith(name)),
      options,
    );
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(options.port, '127.0.0.1', resolve));
  return {
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function respond(response: ServerResponse, code: number, words: string): void {
  response
    .writeHead(code, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' })
    .end(`${words}\n`);
}

function forward(
  request: IncomingMessage,
  response: ServerResponse,
  cookies: readonly string[],
  options: UiHttpProxyOptions,
): void {
  const { port, authority, serverName } = options.server;
  const { connection: _connection, cookie: _cookie, authorization: _authorization, ...headers } = request.headers;
  const sent = ask({
    agent: STRAIGHT,
    host: '127.0.0.1',
    port,
    path: request.url,
    method: request.method,
    ca: authority,
    servername: serverName,
    headers: { ...headers, cookie: cookies.join('; '), authorization: `Bearer ${options.word}` },
  });
  sent.on('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  sent.on('error', () =>
    response.headersSent ? response.destroy() : respond(response, 502, "Temporal's UI is being started; try again."),
  );
  response.on('close', () => sent.destroy());
  request.pipe(sent);
}

interface Wire {
  readonly metadata?: Record<string, string>;
  readonly data?: string;
}

/** What Temporal's UI asks of a codec: payloads in their JSON form, base64. */
async function decode(request: IncomingMessage, response: ServerResponse, codec: PayloadCodec): Promise<void> {
  if (request.method !== 'POST' || Number(request.headers['content-length'] ?? MOST_BYTES) >= MOST_BYTES)
    return respond(response, 413, 'Too much at once.');
  const { payloads } = JSON.parse(await text(request)) as { payloads: Wire[] };
  const bytes = (base64 = '') => Buffer.from(base64, 'base64');
  const base64 = (value: Uint8Array | null | undefined) => Buffer.from(value ?? []).toString('base64');
  const map = <From, To>(of: Record<string, From> | null | undefined, turn: (value: From) => To) =>
    Object.fromEntries(Object.entries(of ?? {}).map(([name, value]) => [name, turn(value)]));
  const opened = await codec.decode(
    payloads.map(({ metadata, data }): Payload => ({ metadata: map(metadata, bytes), data: bytes(data) })),
  );
  const answer = opened.map(({ metadata, data }) => ({ metadata: map(metadata, base64), data: base64(data) }));
  response
    .writeHead(200, { 'content-type': 'application/json', 'cache-control': 'no-store' })
    .end(JSON.stringify({ payloads: answer }));
}
