import { LEASE_MS } from './agent-protocol.ts';

/** A gateway says this often that it takes beats; after three missed times it counts as gone. */
export const GATEWAY_LIVES_EVERY_MS = 2_000;
export const INGEST_GAP_MS = 3 * GATEWAY_LIVES_EVERY_MS;
/** More hosts than this share silent at once are rather one fault of ours, or of the network before us. */
const BELIEVED_SHARE = 0.2;
/** Below this many the share says nothing: of three hosts one is a third. */
const FEW_HOSTS = 5;
/** Agents come back within a backoff of 10 s; hosts that stay silent for a minute beside a healthy gateway are away. */
export const PROBLEM_HOLD_MS = 60_000;

/** Whether beats arrive at all. Times are milliseconds since 1970. */
export interface IngestSeen {
  readonly sinceMs: number;
  readonly seenAtMs: number;
  readonly problemSinceMs: number | null;
}

export type SilenceVerdict =
  /** Their leases have run out and beats would have arrived: they are away. */
  | 'away'
  /** Nobody can know yet: no gateway has taken beats for one full lease without a gap. */
  | 'unknown'
  /** Too many at once to believe it of each of them: one problem of the ingest. */
  | 'ingest-problem';

/** What to make of `silent` hosts of `present` ones whose leases have run out. */
export function judgeSilence(
  ingest: IngestSeen | null,
  { silent, present }: { readonly silent: number; readonly present: number },
  nowMs: number,
): SilenceVerdict {
  if (ingest === null || nowMs - ingest.seenAtMs > INGEST_GAP_MS || nowMs - ingest.sinceMs < LEASE_MS) return 'unknown';
  if (!isMany(silent, present)) return 'away';
  return nowMs - (ingest.problemSinceMs ?? nowMs) < PROBLEM_HOLD_MS ? 'ingest-problem' : 'away';
}

/** Asked before the present hosts are counted: that count is only worth it when there may be many. */
export const mayBeMany = (silent: number): boolean => silent >= FEW_HOSTS;

const isMany = (silent: number, present: number): boolean => mayBeMany(silent) && silent > present * BELIEVED_SHARE;
