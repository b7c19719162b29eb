import type { Scenario } from './scenario.ts';
import { agentGone } from './scenarios/agent-gone.ts';
import { away } from './scenarios/away.ts';
import { cancel } from './scenarios/cancel.ts';
import { deadGateway } from './scenarios/dead-gateway.ts';
import { engineLost } from './scenarios/engine-lost.ts';
import { killEach } from './scenarios/kill.ts';
import { locks } from './scenarios/locks.ts';
import { logFlood } from './scenarios/log-flood.ts';
import { network } from './scenarios/network.ts';
import { pf12 } from './scenarios/pf12.ts';
import { presence } from './scenarios/presence.ts';
import { randomKills } from './scenarios/random-kills.ts';
import { rollingRestart } from './scenarios/rolling-restart.ts';
import { starts } from './scenarios/starts.ts';

/** In the order in which they run. */
export const SCENARIOS: readonly Scenario[] = [
  starts,
  killEach,
  presence,
  locks,
  cancel,
  rollingRestart,
  engineLost,
  deadGateway,
  agentGone,
  away,
  network,
  logFlood,
  pf12,
  randomKills,
];
