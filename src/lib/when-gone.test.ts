import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { expect, onTestFinished, test, vi } from 'vitest';
import { whenGone } from './when-gone.ts';

/** Sends so many requests behind each other on one connection, and returns the server's side of each. */
async function open(count: number): Promise<{ client: Socket; responses: ServerResponse[] }> {
  const responses: ServerResponse[] = [];
  const server = createServer((_request, response) => void responses.push(response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.on('error', () => {});
  onTestFinished(() => {
    client.destroy();
    server.close();
  });
  client.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(count));
  await vi.waitUntil(() => responses.length === count, { timeout: 10_000 });
  return { client, responses };
}

test('the clean-up runs once when the reader leaves', async () => {
  const { client, responses } = await open(1);
  const cleanUp = vi.fn();
  whenGone(responses[0]!, cleanUp);
  expect(cleanUp).not.toHaveBeenCalled();
  client.destroy();
  await vi.waitUntil(() => responses[0]!.closed, { timeout: 10_000 });
  expect(cleanUp).toHaveBeenCalledTimes(1);
});

test('it runs once when the answer is complete, and the connection may go on', async () => {
  const { client, responses } = await open(1);
  const cleanUp = vi.fn();
  whenGone(responses[0]!, cleanUp);
  responses[0]!.end('done');
  await vi.waitUntil(() => responses[0]!.closed, { timeout: 10_000 });
  client.destroy();
  await vi.waitUntil(() => responses[0]!.req.socket.closed, { timeout: 10_000 });
  expect(cleanUp).toHaveBeenCalledTimes(1);
});

test('it runs at once when the reader has left already', async () => {
  const { client, responses } = await open(1);
  client.destroy();
  await vi.waitUntil(() => responses[0]!.closed, { timeout: 10_000 });
  const cleanUp = vi.fn();
  whenGone(responses[0]!, cleanUp);
  expect(cleanUp).toHaveBeenCalledTimes(1);
});

test('it runs for an answer that waits behind another one when the connection is cut', async () => {
  const { client, responses } = await open(3);
  const cleanUps = responses.map((response) => {
    const cleanUp = vi.fn();
    whenGone(response, cleanUp);
    return cleanUp;
  });
  client.destroy();
  await vi.waitUntil(() => responses[0]!.closed, { timeout: 10_000 });
  expect(cleanUps.map((one) => one.mock.calls.length)).toEqual([1, 1, 1]);
});
