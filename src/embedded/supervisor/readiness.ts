import { connect } from 'node:net';
import type { ApiClient } from '../../cli/client/client.ts';
import { StartProblem } from '../../processes/place/start-problem.ts';
import { logTail } from './log-tail.ts';

const WITHIN_MS = 60_000;

/** Asks until the answer is yes; what it waited for and where to look is said when that takes too long. */
export async function untilTrue(
  what: string,
  logFile: string,
  stopping: AbortSignal,
  ask: () => Promise<boolean>,
): Promise<void> {
  const end = Date.now() + WITHIN_MS;
  while (!(await ask().catch(() => false))) {
    stopping.throwIfAborted();
    if (Date.now() > end)
      throw new StartProblem(
        `${what} within ${WITHIN_MS / 1000} s: ${logTail(logFile)}`,
        logFile,
        'Read the end of that log.',
      );
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export function isListening(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const done = (open: boolean) => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', () => done(true));
    socket.once('error', () => done(false));
  });
}

export async function isReady(apiUrl: string): Promise<boolean> {
  const answer = await fetch(`${apiUrl}/readyz`, { signal: AbortSignal.timeout(3_000) });
  return answer.status === 200;
}

export async function isHostOnline(client: ApiClient, name: string): Promise<boolean> {
  const page = await client.get('hosts', { name });
  return page.items[0]?.online === true;
}
