import { StartProblem } from './start-problem.ts';

export interface ReadyQuestion {
  readonly apiUrl: string;
  readonly apiKey: string;
  readonly hostName: string;
  readonly logsDir: string;
  readonly stopping: () => boolean;
}

const POLL_MS = 100;
const LIMIT_MS = 90_000;

/** Waits until the API can serve and the host of this machine is there. */
export async function untilReady(question: ReadyQuestion): Promise<void> {
  const { apiUrl, apiKey, hostName, logsDir, stopping } = question;
  const until = performance.now() + LIMIT_MS;
  let missing = 'the API does not answer';
  while (performance.now() < until) {
    if (stopping()) return;
    missing = await whatIsMissing(apiUrl, apiKey, hostName).catch(() => 'the API does not answer');
    if (missing === '') return;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  throw new StartProblem(
    `Not ready after ${LIMIT_MS / 1000} s: ${missing}`,
    logsDir,
    'Read the newest lines of the logs there.',
  );
}

async function whatIsMissing(apiUrl: string, apiKey: string, hostName: string): Promise<string> {
  const ready = await fetch(`${apiUrl}/readyz`, { signal: AbortSignal.timeout(2_000) });
  if (!ready.ok) return `/readyz answers ${ready.status}: ${await ready.text()}`;
  const hosts = await fetch(`${apiUrl}/api/v1/hosts`, {
    headers: { authorization: `Bearer ${apiKey}` },
    signal: AbortSignal.timeout(2_000),
  });
  if (!hosts.ok) return `the API refuses our key (${hosts.status})`;
  const { items } = (await hosts.json()) as { items: { name: string; presence?: string; online?: boolean }[] };
  const host = items.find((item) => item.name === hostName);
  return host && (host.presence === 'online' || host.online === true)
    ? ''
    : `the agent of host ${hostName} is not there yet`;
}
