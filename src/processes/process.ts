import { type Config, readConfig } from '../config/config.ts';
import type { Environment } from '../config/environment.ts';
import { type Clock, monotonicMs, systemClock } from '../lib/clock.ts';
import { type RandomBytes, systemRandom } from '../lib/ids.ts';
import { createLogger, type Log } from '../lib/log.ts';
import { Redactor } from '../lib/redact.ts';
import { listenForStop } from '../lib/stop-signals.ts';
import { exitWhenParentDies } from './parent-watch.ts';
import { isHangUpIgnored } from './place/hang-up.ts';

/** What every process is made of. */
export interface ProcessParts {
  readonly config: Config;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Log;
  /** Ends the start where it waits for something. */
  readonly stopping: AbortSignal;
}

export interface Running {
  stop(): Promise<void>;
  /** Resolves with the reason when it ended by itself: the process is then to be started again. */
  readonly ended?: Promise<string>;
}

interface ProcessOptions {
  readonly name: 'api' | 'worker' | 'gateway';
  readonly env: Environment;
  /** Our parent holds our standard input; when it dies, so do we. */
  readonly dieWithParent: boolean;
  /** After this long a stop that hangs is cut off. */
  readonly stopWithinMs: number;
}

/** Runs one server process from its start to the end of a signal. */
export async function runProcess(
  options: ProcessOptions,
  start: (parts: ProcessParts) => Promise<Running>,
): Promise<void> {
  const config = readConfig(options.env);
  const log = createLogger({ ...config.log, process: options.name, redactor: knownSecrets(config) });
  const abort = new AbortController();
  const stopped = Promise.withResolvers<string>();
  const stop = (why: string) => {
    if (abort.signal.aborted) return;
    // A timer of a library or a native thread may keep the process for ever.
    setTimeout(() => process.exit(1), options.stopWithinMs).unref();
    abort.abort();
    stopped.resolve(why);
  };
  listenForStop({
    process,
    hangUpIgnored: isHangUpIgnored(options.env),
    now: monotonicMs,
    onStop: () => stop('told to stop'),
    onEndAtOnce: () => process.exit(130),
  });
  if (options.dieWithParent) exitWhenParentDies(() => stop('the process that started us is gone'));
  let running: Running;
  try {
    running = await start({ config, clock: systemClock, random: systemRandom, log, stopping: abort.signal });
  } catch (thrown) {
    if (abort.signal.aborted) process.exit(0);
    // What it had opened by then would keep the process, which then looks well and does nothing.
    setTimeout(() => process.exit(1), options.stopWithinMs).unref();
    throw thrown;
  }
  const end = await Promise.race([stopped.promise, (running.ended ?? new Promise<never>(() => {})).then((why) => why)]);
  const byItself = !abort.signal.aborted;
  log[byItself ? 'error' : 'info']({ why: end }, `${options.name} stopping`);
  if (byItself) stop(end);
  await running.stop();
  process.exit(byItself ? 1 : 0);
}

/** What the configuration holds that must never be printed, whatever stands around it. */
function knownSecrets({ database, temporal, cli }: Config): Redactor {
  const redactor = new Redactor().add(temporal.apiKey).add(cli.apiKey);
  for (const url of Object.values(database)) if (url) redactor.add(decodeURIComponent(new URL(url).password));
  return redactor;
}
