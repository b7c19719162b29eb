import type { Scenario } from './scenario.ts';
import { killEach } from './scenarios/kill.ts';

/** In the order in which they run. */
export const SCENARIOS: readonly Scenario[] = [killEach];
