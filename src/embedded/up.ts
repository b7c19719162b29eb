// First, so that the heap stays small: this process only watches the others.
import '../lib/small-memory.ts';

import type { Config } from '../config/config.ts';
import { readConfig } from '../config/config.ts';
import { monotonicMs, systemClock } from '../lib/clock.ts';
import { sleep } from '../lib/sleep.ts';
import { HEARD_WITHIN_MS, listenForStop } from '../lib/stop-signals.ts';
import { dataPaths, ensureDataFolder } from '../processes/place/data-folder.ts';
import { isHangUpIgnored } from '../processes/place/hang-up.ts';
import type { ProcessWorld } from '../processes/process-world.ts';
import { refuseSilentDatabase } from './postgres/up-database.ts';
import { ourPorts, refuseSilentTemporal } from './preflight.ts';
import { type ProgressOutput, progressOutput } from './progress-output.ts';
import { type Started, startAll } from './start-all.ts';
import { killAll } from './supervisor/kill-all.ts';
import { endLeftovers } from './supervisor/leftovers.ts';
import { StopList } from './supervisor/stop-list.ts';
import { welcome } from './welcome.ts';

interface UpOptions extends ProcessWorld {
  /** False: the first start makes no backup. */
  readonly firstJob: boolean;
}

/** All of Holdfast in one process tree, until Ctrl-C. Returns the exit code. */
export async function up(options: UpOptions): Promise<number> {
  const config = readConfig(options.env);
  const output = progressOutput(options.print, () => systemClock.now().getTime());
  const stops = new StopList(output);
  const abort = new AbortController();
  const stopping = abort.signal;
  const endAtOnce = listen(options, stops, abort);
  const stopped = new Promise<null>((resolve) => stopping.addEventListener('abort', () => resolve(null)));
  try {
    const started = await Promise.race([start(config, options, { output, stops, stopping }), stopped]);
    if (started !== null) {
      welcome(started, config, options.env, output);
      await stopped;
    }
  } catch (thrown) {
    await Promise.race([stopped, sleep(HEARD_WITHIN_MS, stopping)]);
    if (!stopping.aborted) {
      abort.abort();
      await stops.stopAll({ quietly: true });
      throw thrown;
    }
  }
  output.step('stopping; press Ctrl-C again to end everything at once');
  // Decided at the second press and not by who is through first: what it kills, the stop in order sees end too.
  const inOrder = await Promise.race([stops.stopAll().then(() => true), endAtOnce.then(() => false)]);
  if (!inOrder) return await endNow(config, stops, output);
  output.step('stopped, nothing is left running');
  return 0;
}

async function endNow(config: Config, stops: StopList, output: ProgressOutput): Promise<number> {
  stops.beQuiet();
  output.step('ending everything at once');
  await killAll(dataPaths(config.dataDir).run).catch(() => {});
  return 130;
}

interface StartParts {
  readonly output: ProgressOutput;
  readonly stops: StopList;
  readonly stopping: AbortSignal;
}

async function start(config: Config, options: UpOptions, parts: StartParts): Promise<Started> {
  ensureDataFolder(config.dataDir);
  const paths = dataPaths(config.dataDir);
  const ended = await endLeftovers(paths.run);
  if (ended.length > 0) parts.output.step(`ended what a killed run had left: ${ended.join(', ')}`);
  const ports = await ourPorts(config, paths.portsFile);
  if (config.database.owner !== null) await refuseSilentDatabase(config.database.owner);
  if (config.temporal.address !== null) await refuseSilentTemporal(config);
  return await startAll({ ...parts, config, ports, environment: options.env, firstJob: options.firstJob });
}

/** Aborts at the first signal; the answer resolves when a person wants the end at once. */
function listen({ env }: UpOptions, stops: StopList, abort: AbortController): Promise<void> {
  const atOnce = Promise.withResolvers<void>();
  const onStop = () => {
    // Before anything else: what the same signal ends is not to be started again.
    stops.startNothing();
    abort.abort();
  };
  listenForStop({
    process,
    hangUpIgnored: isHangUpIgnored(env),
    now: monotonicMs,
    onStop,
    onEndAtOnce: () => atOnce.resolve(),
  });
  return atOnce.promise;
}
