// First, so that the heap stays small: this process only watches the others.
import '../../worker/small-memory.ts';

import type { Config } from '../../config/config.ts';
import { readConfig } from '../../config/config.ts';
import { systemClock } from '../../lib/clock.ts';
import type { ProcessWorld } from '../processes.ts';
import { dataPaths, ensureDataFolder } from '../run/data-folder.ts';
import { killAll } from './kill-all.ts';
import { endLeftovers } from './leftovers.ts';
import { ourPorts, refuseSilentTemporal } from './preflight.ts';
import { type Say, sayTo } from './say.ts';
import { type Started, startAll } from './start-all.ts';
import { StopList } from './stop-list.ts';
import { refuseSilentDatabase } from './up-database.ts';
import { welcome } from './welcome.ts';

export interface UpOptions extends ProcessWorld {
  /** False: the first start makes no backup. */
  readonly firstJob: boolean;
}

/** All of Holdfast in one process tree, until Ctrl-C. Answers the exit code. */
export async function up(options: UpOptions): Promise<number> {
  const config = readConfig(options.env);
  const say = sayTo(options.say, () => systemClock.now().getTime());
  const stops = new StopList(say);
  const abort = new AbortController();
  const interrupted = listen(dataPaths(config.dataDir).run, abort, say);
  try {
    const started = await Promise.race([start(config, options, { say, stops, stopping: abort.signal }), interrupted]);
    if (started !== null) {
      welcome(started, config, say);
      await interrupted;
    }
    say.step('stopping; press Ctrl-C again to end everything at once');
    await stops.stopAll();
    say.step('stopped, nothing is left running');
    return 0;
  } catch (thrown) {
    abort.abort();
    await stops.stopAll({ quietly: true });
    throw thrown;
  }
}

interface StartParts {
  readonly say: Say;
  readonly stops: StopList;
  readonly stopping: AbortSignal;
}

async function start(config: Config, options: UpOptions, parts: StartParts): Promise<Started> {
  ensureDataFolder(config.dataDir);
  const paths = dataPaths(config.dataDir);
  const ended = await endLeftovers(paths.run);
  if (ended.length > 0) parts.say.step(`ended what a killed run had left: ${ended.join(', ')}`);
  const ports = await ourPorts(config, paths.portsFile);
  if (config.database.owner !== null) await refuseSilentDatabase(config.database.owner);
  if (config.temporal.address !== null) await refuseSilentTemporal(config);
  return await startAll({ ...parts, config, ports, environment: options.env, firstJob: options.firstJob });
}

/** Resolves with null at the first signal; the second ends all processes at once and us with them. */
function listen(runDir: string, abort: AbortController, say: Say): Promise<null> {
  const { promise, resolve } = Promise.withResolvers<null>();
  let count = 0;
  const onSignal = () => {
    count++;
    abort.abort();
    if (count === 1) return resolve(null);
    if (count > 2) return;
    say.step('ending everything at once');
    void killAll(runDir)
      .catch(() => {})
      .then(() => process.exit(130));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  return promise;
}
