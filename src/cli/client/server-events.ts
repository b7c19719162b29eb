import { createParser, type EventSourceMessage } from 'eventsource-parser';
import type { JobEvent } from './api-types.ts';

/**
 * The events of an answer as they come. Null is a comment: nothing happened, but the other side is there. All of one piece is taken
 * before the next is read. What is cut off in the middle is dropped: it comes again behind the last whole event.
 */
export async function* readServerEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<JobEvent | null> {
  const decoder = new TextDecoder();
  let come: (EventSourceMessage | null)[] = [];
  const parser = createParser({ onEvent: (event) => come.push(event), onComment: () => come.push(null) });
  for await (const bytes of body) {
    parser.feed(decoder.decode(bytes, { stream: true }));
    const all = come;
    come = [];
    // Read one by one: what came whole before one that is broken is not lost with it.
    for (const message of all) yield message && jobEvent(message);
  }
}

const jobEvent = ({ event = 'message', id, data }: EventSourceMessage): JobEvent =>
  ({ event, id: id ?? null, data: JSON.parse(data) }) as JobEvent;
