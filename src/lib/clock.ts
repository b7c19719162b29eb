/** Where the time comes from. Everybody who needs it is handed a clock; only this file asks the system. */
export interface Clock {
  now(): Date;
}

export const systemClock: Clock = { now: () => new Date() };
