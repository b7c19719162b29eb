import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { expect, onTestFinished, test } from 'vitest';
import { openCommand } from '../../src/activities/host/restic/core/command.ts';
import { runProgram } from '../../src/agent/programs/run-program.ts';
import { baseEnvironment } from '../../src/config/environment.ts';
import { findRestic } from '../harness/restic.ts';

/** Answers everything with 404, as a storage without a repository does, and keeps what it was asked. */
async function listening(host: string): Promise<{ port: number; asked: string[] }> {
  const asked: string[] = [];
  const server: Server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.writeHead(404).end();
  }).listen(0, host);
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, asked };
}

const ADDRESS = Object.values(networkInterfaces())
  .flat()
  .find((found) => found?.family === 'IPv4' && !found.internal)?.address;

/** restic, as an agent with these variables starts it. */
async function look(repositoryUrl: string, variables: Record<string, string>): Promise<void> {
  const deps = {
    resticPath: findRestic()!.path,
    resticVersion: findRestic()!.version,
    dataDir: tmpdir(),
    ownFolders: [],
    baseEnv: baseEnvironment({ PATH: process.env.PATH, HOME: tmpdir(), ...variables }),
  };
  const spec = openCommand(deps, { repositoryUrl, password: 'word' });
  const end = await runProgram(spec, {
    signal: AbortSignal.timeout(20_000),
    stop: { signal: 'SIGINT', graceMs: 1_000 },
    onLine: () => {},
    maxLineBytes: 16_384,
    setpriv: null,
  });
  expect(end).toMatchObject({ stopped: false, notStarted: null });
}

const DEAD = 'http://127.0.0.1:9';

test.for(['http_proxy', 'HTTP_PROXY'])(
  'RUN-22: restic goes over the proxy of %s, as other programs of the host',
  async (name, context) => {
    if (!ADDRESS) return context.skip('this machine has no address but loopback');
    const [storage, proxy] = [await listening(ADDRESS), await listening('127.0.0.1')];
    const url = `http://${ADDRESS}:${storage.port}/x/`;
    await look(`rest:${url}`, { [name]: `http://127.0.0.1:${proxy.port}` });
    expect(proxy.asked).toContain(`HEAD ${url}config`);
    expect(storage.asked).toEqual([]);
  },
);

test.for(['no_proxy', 'NO_PROXY'])('RUN-22: restic goes straight to what %s names', async (name, context) => {
  if (!ADDRESS) return context.skip('this machine has no address but loopback');
  const storage = await listening(ADDRESS);
  await look(`rest:http://${ADDRESS}:${storage.port}/x/`, { HTTP_PROXY: DEAD, http_proxy: DEAD, [name]: ADDRESS });
  expect(storage.asked).toContain('HEAD /x/config');
});

test('RUN-22: restic never goes over a proxy to a storage on loopback', async () => {
  const storage = await listening('127.0.0.1');
  await look(`rest:http://127.0.0.1:${storage.port}/x/`, { http_proxy: DEAD, HTTP_PROXY: DEAD, ALL_PROXY: DEAD });
  expect(storage.asked).toContain('HEAD /x/config');
});
