import type { JobEvent } from './api-types.ts';

/** The events of an answer as they come. Null is a comment: nothing happened, but the other side is there. */
export async function* readServerEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<JobEvent | null> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const bytes of body) {
    const blocks = (rest + decoder.decode(bytes, { stream: true })).split('\n\n');
    // What is cut off in the middle is dropped: it comes again behind the last whole event.
    rest = blocks.pop()!;
    for (const block of blocks) yield block.startsWith(':') ? null : parse(block);
  }
}

function parse(block: string): JobEvent {
  let [event, id, data]: [string, string | null, string] = ['message', null, 'null'];
  for (const line of block.split('\n')) {
    const at = line.indexOf(': ');
    const [name, value] = [line.slice(0, at), line.slice(at + 2)];
    if (name === 'event') event = value;
    else if (name === 'id') id = value;
    else if (name === 'data') data = value;
  }
  return { event, id, data: JSON.parse(data) } as JobEvent;
}
