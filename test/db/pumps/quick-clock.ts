import type { Clock } from '../../../src/lib/clock.ts';

/** Claims last ten seconds; at this speed half a second of a test. */
export const SPEED = 20;

/** The same quick time in every process: it left the real one at `fromMs`. */
export const quickClock = (fromMs: number): Clock => ({ now: () => new Date(fromMs + (Date.now() - fromMs) * SPEED) });
