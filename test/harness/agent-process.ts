// The agent with everything it can do, in a process of its own. Told by its first argument.
import { spawnSync } from 'node:child_process';
import { hostActivities, quickActivities } from '../../src/activities/host/index.ts';
import { parseResticVersion } from '../../src/activities/host/restic/core/version.ts';
import { findSetpriv } from '../../src/agent/programs/parent-death-signal.ts';
import { startAgent } from '../../src/agent/session/agent.ts';
import { exitWithAgent } from '../../src/agent/session/agent-exit.ts';
import { monotonicMs, systemClock } from '../../src/lib/clock.ts';
import { systemRandom } from '../../src/lib/ids.ts';
import { createLogger } from '../../src/lib/log.ts';
import { testActivities } from './test-activities.ts';

export interface AgentOrder {
  readonly gateway: string;
  readonly authorityPem: string;
  readonly credential: string;
  readonly dataDir: string;
  readonly agentMark: string;
  readonly resticPath: string;
  /** False: programs outlive a killed agent, as where there is no `setpriv`. */
  readonly programsDieWithAgent: boolean;
}

const order = JSON.parse(process.argv[2]!) as AgentOrder;
const version = spawnSync(order.resticPath, ['version'], { encoding: 'utf8' }).stdout;
const log = createLogger({ level: 'error', pretty: false, process: 'agent' });
const deps = {
  clock: systemClock,
  setpriv: order.programsDieWithAgent ? await findSetpriv() : null,
  ownFolders: [],
  resticPath: order.resticPath,
  resticVersion: parseResticVersion(version),
  dataDir: order.dataDir,
  agentMark: order.agentMark,
  baseEnv: { PATH: process.env.PATH ?? '', HOME: order.dataDir },
  hostName: 'test-host',
};
const agent = startAgent({
  gateway: { address: order.gateway, authorityPem: order.authorityPem, credential: order.credential },
  hello: { protocol: 1, agentVersion: '0.1.0', hostname: 'test', os: 'linux', arch: 'x64', programs: [], powers: [] },
  dataDir: order.dataDir,
  agentMark: order.agentMark,
  activities: { main: { ...hostActivities(deps), ...testActivities(deps) }, quick: quickActivities(deps) },
  shutdownGraceMs: 500,
  clock: systemClock,
  random: systemRandom,
  monotonicMs,
  log,
});
exitWithAgent(agent, { process, hangUpIgnored: false, exit: process.exit, shutdownGraceMs: 500, log });
// The test that started us was killed or left without stopping us.
process.once('disconnect', () => process.exit(1));
void agent.ready.then(() => process.send!('ready'));
