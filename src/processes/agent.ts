// First, so that the heap is small before anything large is loaded.
import '../lib/small-memory.ts';

import { arch, hostname, platform } from 'node:os';
import { join } from 'node:path';
import { hostActivities, quickActivities } from '../activities/host/index.ts';
import { isSupported, parseResticVersion, type ResticVersion } from '../activities/host/restic/core/version.ts';
import { findSetpriv } from '../agent/programs/parent-death-signal.ts';
import { startAgent } from '../agent/session/agent.ts';
import { exitWithAgent } from '../agent/session/agent-exit.ts';
import { type Config, readConfig } from '../config/config.ts';
import { baseEnvironment, type Environment } from '../config/environment.ts';
import { inPath } from '../embedded/programs/programs.ts';
import { runShort } from '../embedded/programs/run-short.ts';
import { monotonicMs, systemClock } from '../lib/clock.ts';
import { systemRandom } from '../lib/ids.ts';
import { createLogger } from '../lib/log.ts';
import { exitWhenParentDies } from './parent-watch.ts';
import { needAgentFile } from './place/agent-file.ts';
import { ownMark } from './place/agent-mark.ts';
import { buildOf } from './place/build.ts';
import { dataPaths } from './place/data-folder.ts';
import { isHangUpIgnored } from './place/hang-up.ts';
import { type Env, StartProblem } from './place/start-problem.ts';

const SHUTDOWN_GRACE_MS = 8_000;

interface AgentProcess {
  readonly env: Environment;
  readonly dieWithParent: boolean;
}

interface Restic {
  readonly path: string;
  readonly version: ResticVersion;
}

/** The agent of this host: it talks to the gateway only and holds no key. Ends by itself with the exit code of its reason. */
export async function runAgent({ env: environment, dieWithParent }: AgentProcess): Promise<void> {
  const config = readConfig(environment);
  const log = createLogger({ level: config.log.level, pretty: config.log.pretty, process: 'agent' });
  const folder = dataPaths(config.dataDir);
  const gateway = needAgentFile(folder.agentFile);
  const baseEnv = { ...baseEnvironment(environment), HOME: config.home ?? folder.agent };
  const restic = await findRestic(config, baseEnv);
  const agentMark = ownMark(join(folder.agent, 'mark'), systemRandom);
  const setpriv = await findSetpriv();
  if (setpriv === null)
    log.warn({}, 'setpriv with --pdeathsig not found: programs outlive a killed agent until its restart');
  const deps = {
    clock: systemClock,
    setpriv,
    resticPath: restic.path,
    ownFolders: ownFoldersOf(config),
    resticVersion: restic.version,
    dataDir: folder.agent,
    agentMark,
    baseEnv,
    hostName: hostname(),
  };
  const agent = startAgent({
    gateway,
    hello: helloOf(restic),
    dataDir: folder.agent,
    agentMark,
    activities: { main: hostActivities(deps), quick: quickActivities(deps) },
    shutdownGraceMs: SHUTDOWN_GRACE_MS,
    clock: systemClock,
    random: systemRandom,
    monotonicMs,
    log,
  });
  exitWithAgent(agent, {
    process,
    hangUpIgnored: isHangUpIgnored(environment),
    exit: process.exit,
    shutdownGraceMs: SHUTDOWN_GRACE_MS,
    log,
  });
  // At once: what runs dies with us, and the next agent tells the engine so.
  if (dieWithParent) exitWhenParentDies(() => process.exit(1));
  void agent.ready.then(() => log.info({ gateway: gateway.address }, 'agent ready'));
  await agent.ended;
}

const helloOf = (restic: Restic) => ({
  protocol: 1,
  agentVersion: buildOf().version,
  hostname: hostname(),
  os: platform(),
  arch: arch(),
  programs: [{ name: 'restic', version: restic.version.text, path: restic.path }],
  powers: process.getuid?.() === 0 ? ['root'] : [],
});

/**
 * All that Holdfast keeps on this host. Beside an embedded control plane the folder is one for all; each part of it is named,
 * because it may be a link to another disk.
 */
function ownFoldersOf(config: Config): string[] {
  return [config.dataDir, config.keyringFile, ...Object.values(dataPaths(config.dataDir))];
}

async function findRestic(config: Config, env: Env): Promise<Restic> {
  const path = config.programs.restic ?? inPath('restic', env.PATH ?? '')[0];
  const answer = path === undefined ? null : await runShort(path, ['version'], { env, timeoutMs: 10_000 });
  const version = answer && parseResticVersion(answer.stdout);
  if (path !== undefined && version && isSupported(version)) return { path, version };
  throw new StartProblem(
    path === undefined ? 'restic is missing' : 'restic does not answer as version 0.14 or newer',
    path ?? 'not in PATH',
    'Install restic, or name it in HOLDFAST_PROGRAM_RESTIC.',
  );
}
