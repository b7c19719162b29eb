// The floor: a server that writes the bytes it is handed to everybody who is connected, and knows nothing else.
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const readers = new Set<ServerResponse>();
const server = createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.flushHeaders();
  readers.add(response);
  response.on('close', () => readers.delete(response));
});
process.on('message', async (pieces: string[]) => {
  for (const piece of pieces) {
    const frames = Buffer.from(piece);
    for (const reader of readers) reader.write(frames);
    await new Promise((resolve) => setImmediate(resolve));
  }
});
server.listen(0, '127.0.0.1', () =>
  process.send!({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }),
);
// Whoever started us is gone.
process.on('disconnect', () => process.exit(0));
