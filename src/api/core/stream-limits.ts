/** What streams may cost. Tests and benches ask for other numbers. */
export interface StreamLimits {
  /** Streams that one process carries; each costs some 60 KiB. */
  readonly streams: number;
  /** Streams of one key or person, in one process. */
  readonly streamsOfOne: number;
  /** What may lie ready for one reader that does not take it; then it is cut off, and may come back with its last id. */
  readonly pendingBytes: number;
  /** Lines that are kept for those about to join, for each job. */
  readonly recentBytes: number;
  readonly beatMs: number;
  /** How often readers look by themselves, and how often it is asked whether viewers still may. */
  readonly tickMs: number;
  readonly progressMs: number;
  /** The log of a job that has ended is waited for until nothing came for so long, if its agent has more to bring. */
  readonly lateLinesMs: number;
}

export const STREAM_LIMITS: StreamLimits = {
  streams: 12_000,
  streamsOfOne: 100,
  pendingBytes: 1024 * 1024,
  recentBytes: 512 * 1024,
  beatMs: 15_000,
  tickMs: 1_000,
  progressMs: 500,
  // An agent whose report failed comes again within 5 s; a log store that is locked lets nobody look either.
  lateLinesMs: 30_000,
};
