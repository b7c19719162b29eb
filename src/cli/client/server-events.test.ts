import { expect, test } from 'vitest';
import { readServerEvents } from './server-events.ts';

const STREAM = ': ping\n\nid: a.1\nevent: line\ndata: {"text":"größer"}\n\nevent: end\ndata: {"ok":true}\n\n';
const EVENTS = [
  null,
  { event: 'line', id: 'a.1', data: { text: 'größer' } },
  { event: 'end', id: null, data: { ok: true } },
];

async function* inPieces(text: string, bytes: number) {
  const all = new TextEncoder().encode(text);
  for (let at = 0; at < all.length; at += bytes) yield all.subarray(at, at + bytes);
}

async function read(pieces: AsyncIterable<Uint8Array>) {
  const events: unknown[] = [];
  let problem: unknown = null;
  try {
    for await (const event of readServerEvents(pieces)) events.push(event);
  } catch (thrown) {
    problem = thrown;
  }
  return { events, problem };
}

test.each([1, 2, 7, 1_000])('events are the same in pieces of %i bytes', async (bytes) => {
  expect(await read(inPieces(STREAM, bytes))).toEqual({ events: EVENTS, problem: null });
});

test('what is cut off in the middle is dropped', async () => {
  for (let length = STREAM.length - 5; length < STREAM.length - 1; length++)
    expect((await read(inPieces(STREAM.slice(0, length), 1_000))).events).toEqual(EVENTS.slice(0, 2));
});

test('what came whole before an event that is broken is not lost with it', async () => {
  const { events, problem } = await read(inPieces(`${STREAM}data: {no\n\n`, 1_000));
  expect(events).toEqual(EVENTS);
  expect(problem).toBeInstanceOf(SyntaxError);
});

test('no more is read than is taken', async () => {
  let pulled = 0;
  async function* counted() {
    for (let no = 0; no < 10; no++) {
      pulled++;
      yield new TextEncoder().encode(`data: ${no}\n\n`);
    }
  }
  const events = readServerEvents(counted());
  await events.next();
  await events.next();
  expect(pulled).toBe(2);
});
