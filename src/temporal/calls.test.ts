import { createServer, type Server } from 'node:net';
import { expect, test, vi } from 'vitest';
import { systemClock } from '../lib/clock.ts';
import { openCalls } from './calls.ts';

const openServer = async (server: Server): Promise<string> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as { port: number }).port}`;
};

test.each([
  ['refuses, so that the call is about to be sent again', true],
  ['hangs', false],
])('a call is over when its connection is closed, with a Temporal that %s', async (_name, refuses) => {
  const timers = vi.spyOn(globalThis, 'setTimeout');
  const met = Promise.withResolvers<void>();
  const server = createServer((socket) => {
    if (refuses) socket.destroy();
    met.resolve();
  });
  const target = { address: await openServer(server), namespace: 'holdfast', apiKey: null, tls: null };
  const calls = openCalls(target, systemClock);
  let isOver = false;
  const call = calls
    .within(60_000, () => calls.connection.workflowService.getSystemInfo({}))
    .then(
      () => 'answered',
      (thrown) => thrown.message,
    )
    .finally(() => {
      isOver = true;
    });
  await met.promise;
  // The refusal has come back, and the client's timer for the next try runs.
  if (refuses)
    await vi.waitUntil(() => timers.mock.calls.some(([run]) => run.name === 'retry'), { timeout: 10_000, interval: 5 });
  expect(isOver).toBe(false);
  await calls.close();
  expect(isOver).toBe(true);
  expect(await call).toMatch(/CANCELLED|UNAVAILABLE/);
  server.close();
  timers.mockRestore();
});
