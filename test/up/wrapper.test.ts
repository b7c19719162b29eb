import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';

const WRAPPER = fileURLToPath(new URL('../../scripts/holdfast.mjs', import.meta.url));

/** An API that never answers: a command that asks it is certain to be there when its signal comes. */
let silent: Server;
beforeAll(async () => {
  silent = createServer(() => {}).listen(0, '127.0.0.1');
  await once(silent, 'listening');
});
afterAll(() => {
  silent.closeAllConnections();
  silent.close();
});

/** A command as a shell starts it, in a group of its own; and the connection of the program inside. */
async function waitingCommand(): Promise<{ wrapper: ChildProcess; asked: Socket }> {
  const { port } = silent.address() as AddressInfo;
  const asked = once(silent, 'connection');
  const wrapper = spawn(process.execPath, [WRAPPER, 'jobs', 'list'], {
    env: { PATH: process.env.PATH, HOLDFAST_URL: `http://127.0.0.1:${port}`, HOLDFAST_API_KEY: 'hfk_none' },
    stdio: ['ignore', 'ignore', 'inherit'],
    detached: true,
  });
  onTestFinished(() => void wrapper.kill('SIGKILL'));
  return { wrapper, asked: (await asked)[0] as Socket };
}

const CODES = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const;

test.each(CODES)('RUN-21: %s to the wrapper alone, or to its group, ends both with %i', async (signal, code) => {
  for (const isGroup of [false, true]) {
    const { wrapper, asked } = await waitingCommand();
    process.kill(isGroup ? -wrapper.pid! : wrapper.pid!, signal);
    await Promise.all([once(asked, 'close'), once(wrapper, 'exit')]);
    expect({ isGroup, code: wrapper.exitCode }).toEqual({ isGroup, code });
  }
});

test('RUN-21: a program does not outlive its wrapper that was killed', async () => {
  const { wrapper, asked } = await waitingCommand();
  wrapper.kill('SIGKILL');
  await once(asked, 'close');
});
