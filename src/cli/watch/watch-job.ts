import type { JobEvent } from '../client/api-types.ts';
import type { Cli, Session } from '../client/cli.ts';
import type { ApiClient } from '../client/client.ts';
import { readServerEvents } from '../client/server-events.ts';
import { CliError, EXIT } from '../output/exit.ts';
import { type Interrupt, interruptOf } from './interrupt.ts';

/** How long an API that went away may stay away before we stop waiting for the job. */
export const PATIENCE_MS = 60_000;
/** The API speaks each 15 s; after this long the connection is dead, whatever the system thinks of it. */
const SILENCE_MS = 35_000;
/** Why the API ends a stream that it would open again. */
const COMES_BACK = new Set(['restarting', 'unavailable']);

/**
 * The events of a job's stream until its end, each once: a connection that breaks is opened again behind the last one.
 * Ends with a message when the API stays away, the key is refused, or Ctrl-C is pressed.
 */
export async function* watchJob(
  cli: Cli,
  { client, output }: Session,
  jobId: string,
  query: string,
): AsyncGenerator<JobEvent> {
  const interrupt = interruptOf(cli, jobId);
  let lastId: string | null = null;
  let lostAt: number | null = null;
  let pause = 250;
  try {
    for (;;) {
      try {
        for await (const event of connect(client, `jobs/${jobId}/stream${query}`, lastId, interrupt)) {
          if (lostAt !== null) output.note('The API is back.');
          [lostAt, pause] = [null, 250];
          lastId = event.id ?? lastId;
          if (event.event === 'closed') {
            if (COMES_BACK.has(event.data.code)) break;
            throw new CliError(EXIT.unreachable, event.data.detail);
          }
          yield event;
          if (event.event === 'end') return;
        }
      } catch (thrown) {
        interrupt.check();
        if (thrown instanceof CliError && !thrown.mayPass) throw thrown;
        const now = cli.now().getTime();
        if (lostAt === null) output.note('The API is away; the job goes on. Trying again for a minute.');
        lostAt ??= now;
        if (now - lostAt > PATIENCE_MS) throw new CliError(EXIT.unreachable, 'The API stays away.');
      }
      await interrupt.sleep(pause);
      pause = Math.min(pause * 2, 2_000);
    }
  } finally {
    interrupt.stop();
  }
}

/** One connection, as long as it lasts. */
async function* connect(
  client: ApiClient,
  path: string,
  lastId: string | null,
  interrupt: Interrupt,
): AsyncGenerator<JobEvent> {
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(), SILENCE_MS);
  try {
    const signal = AbortSignal.any([silence.signal, interrupt.signal]);
    const body = await client.open(path, lastId === null ? {} : { 'last-event-id': lastId }, signal);
    for await (const event of readServerEvents(body)) {
      timer.refresh();
      if (event !== null) yield event;
    }
    // The stream ends by itself only behind its last event; anything else is a connection that broke.
    throw new Error('the connection ended');
  } finally {
    clearTimeout(timer);
    silence.abort();
  }
}
