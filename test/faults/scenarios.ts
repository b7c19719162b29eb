import type { Scenario } from './scenario.ts';
import { killEach } from './scenarios/kill.ts';
import { locks } from './scenarios/locks.ts';
import { starts } from './scenarios/starts.ts';

/** In the order in which they run. */
export const SCENARIOS: readonly Scenario[] = [starts, killEach, locks];
