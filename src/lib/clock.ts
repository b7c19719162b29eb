/** Where the time comes from. Everybody who needs it is handed a clock; only this file asks the system. */
export interface Clock {
  now(): Date;
}

/** Milliseconds since the process started: never set back, and counting on while it is stopped. */
export const monotonicMs = (): number => performance.now();

export const systemClock: Clock = { now: () => new Date() };
