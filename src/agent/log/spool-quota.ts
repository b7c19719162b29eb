import type { HostActivityInput } from '../../domain/jobs/agent-protocol.ts';

/** With this a later process can go on: the wrapped token is worth nothing without the host's credential. */
export interface SpooledAttempt {
  readonly token: string;
  readonly ticket: string;
  readonly input: HostActivityInput;
}

export interface SpoolLimits {
  readonly attemptBytes: number;
  /** Of all attempts together. */
  readonly folderBytes: number;
  /** The spool never takes the last of a disk. */
  readonly freeBytes: number;
  /** What waits to be written, or cannot be. */
  readonly memoryBytes: number;
  readonly segmentBytes: number;
  readonly ageMs: number;
}

/** What one spool needs of the folder that it shares with others. */
export interface SpoolQuota {
  readonly limits: SpoolLimits;
  /** Bytes came or went; the quota may have old lines of anybody dropped. */
  resized(bytes: number): void;
  removed(): void;
}
