import { request } from 'node:http';
import { vi } from 'vitest';

export interface StreamEvent {
  readonly event: string;
  readonly id: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: data of many shapes is looked into
  readonly data: any;
}

/** A reader of server-sent events on a socket of its own, that keeps all it got. */
export interface StreamReader {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly events: StreamEvent[];
  /** Texts of the lines, in the order in which they came. */
  readonly texts: () => string[];
  readonly comments: () => number;
  /** Null while it is open; then whether the server ended it by the rules of HTTP. */
  readonly over: () => 'clean' | 'cut' | null;
  lastId(): string | undefined;
  until(what: (reader: StreamReader) => boolean): Promise<void>;
  untilEvent(name: string): Promise<StreamEvent>;
  /** Takes nothing more, and leaves the connection open. */
  stall(): void;
  resume(): void;
  /** Drops the connection as a broken network would. */
  drop(): void;
}

export interface StreamAsked {
  readonly key: string;
  readonly lastId?: string | undefined;
  readonly query?: string;
}

const TIMEOUT = { timeout: 30_000, interval: 5 };

export function openStream(base: string, jobId: string, asked: StreamAsked): Promise<StreamReader> {
  const { key, lastId, query = '' } = asked;
  const url = new URL(`/api/v1/jobs/${jobId}/stream${query}`, base);
  const headers = { authorization: `Bearer ${key}`, ...(lastId === undefined ? {} : { 'last-event-id': lastId }) };
  return new Promise((resolve, reject) => {
    const asking = request(url, { headers, agent: false }, (response) => {
      const events: StreamEvent[] = [];
      let rest = '';
      let comments = 0;
      let over: 'clean' | 'cut' | null = null;
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        const blocks = (rest + text).split('\n\n');
        rest = blocks.pop()!;
        for (const block of blocks) {
          if (block.startsWith(':')) comments++;
          else events.push(read(block));
        }
      });
      response.on('error', () => {});
      response.on('close', () => {
        over = response.complete ? 'clean' : 'cut';
      });
      const reader: StreamReader = {
        status: response.statusCode!,
        headers: response.headers as Record<string, string>,
        events,
        texts: () => events.filter(({ event }) => event === 'line').map(({ data }) => data.text),
        comments: () => comments,
        over: () => over,
        lastId: () => events.findLast(({ id }) => id !== undefined)?.id,
        until: (what) => vi.waitUntil(() => what(reader), TIMEOUT) as unknown as Promise<void>,
        async untilEvent(name) {
          await reader.until(() => events.some(({ event }) => event === name));
          return events.findLast(({ event }) => event === name)!;
        },
        stall: () => response.pause(),
        resume: () => response.resume(),
        drop: () => asking.destroy(),
      };
      resolve(reader);
    });
    asking.on('error', reject);
    asking.end();
  });
}

function read(block: string): StreamEvent {
  const fields = new Map(
    block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
  );
  return { event: fields.get('event') ?? '', id: fields.get('id'), data: JSON.parse(fields.get('data') ?? 'null') };
}
