import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningApi, serveApi } from '../../src/api/core/serve.ts';
import { type ApiBench, startApi } from './bench.ts';

let api: ApiBench;
let running: RunningApi;
beforeAll(async () => {
  api = await startApi();
  // Pools are closed by the bench; here only the listener is of interest.
  const parts = {
    ...api.parts,
    database: { ...api.parts.database, close: async () => {} },
    authDb: keepOpen(api.parts.authDb),
  };
  running = await serveApi(parts, { host: '127.0.0.1', port: 0 });
});
afterAll(async () => {
  await running?.stop();
  await api?.close();
});

function keepOpen<T extends { destroy(): Promise<void> }>(pool: T): T {
  return new Proxy(pool, {
    get(target, name) {
      if (name === 'destroy') return async () => {};
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** Sends bytes and answers all that comes back until the other side closes. */
function send(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(running.url).port), '127.0.0.1', () => socket.write(bytes));
    let got = '';
    socket.on('data', (chunk) => (got += String(chunk)));
    socket.on('close', () => resolve(got));
    socket.on('error', reject);
  });
}

test.each([
  ['no HTTP', 'hello\r\n\r\n', 400, 'bad-request'],
  ['a header without end', `GET / HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(100_000)}\r\n\r\n`, 431, 'headers-too-large'],
  [
    'two lengths',
    'POST /api/v1/jobs HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab',
    400,
    'bad-request',
  ],
])('%s is answered with a problem', async (_what, bytes, status, code) => {
  const answer = await send(bytes);
  expect(answer.startsWith(`HTTP/1.1 ${status} `)).toBe(true);
  expect(answer).toContain('content-type: application/problem+json');
  expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toMatchObject({ code, status });
});

test('it stops at once although connections are kept open, and lets what runs end', async () => {
  const other = await serveApi(
    { ...api.parts, database: { ...api.parts.database, close: async () => {} }, authDb: keepOpen(api.parts.authDb) },
    { host: '127.0.0.1', port: 0 },
  );
  expect((await fetch(`${other.url}/healthz`)).status).toBe(200);
  const under = fetch(`${other.url}/api/v1/jobs`, { headers: { authorization: `Bearer ${api.key}` } });
  await new Promise((resolve) => setTimeout(resolve, 5));
  await Promise.all([other.stop(), other.stop()]);
  const last = await under;
  expect(last.status, (await last.text()) + api.logged()).toBe(200);
  await expect(fetch(`${other.url}/healthz`)).rejects.toThrow();
});
