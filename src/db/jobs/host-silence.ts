import { hostIsAsked, hostIsSilent, type JobWait } from '../../domain/jobs/job-wait.ts';
import { stopsByMs } from '../../domain/jobs/self-stop.ts';
import type { KindRegistry } from '../../kinds/core/kind-registry.ts';
import { rfc3339 } from '../core/page.ts';

/** The columns of a job, and of its host, that say whether its host is heard of. */
export interface HostSilenceRow {
  readonly kind: string;
  readonly state: string;
  readonly reason: string | null;
  readonly host_name: string | null;
  readonly host_present: boolean | null;
  /** Its lease has run out. It may still count as there: while no gateway takes beats nobody can tell who is away. */
  readonly host_silent: boolean | null;
  readonly host_seen_at: string | null;
  readonly verifying_until: string | null;
}

/** Why a job that is under way does not go on because of its host; null when it does. */
export function hostSilence(row: HostSilenceRow, kinds: KindRegistry): JobWait | null {
  if (row.reason === 'verifying_host' && row.verifying_until !== null)
    return hostIsAsked(row.host_name, rfc3339(row.verifying_until));
  if (row.state !== 'running' && row.state !== 'cancelling') return null;
  const isAway = row.host_present === false;
  if (!isAway && !row.host_silent) return null;
  const kind = kinds.byKey(row.kind);
  if (kind === null || row.host_seen_at === null) return null;
  const seenMs = new Date(row.host_seen_at).getTime();
  // From the last beat on, whatever the time is now.
  const until = new Date(stopsByMs(kind, seenMs, seenMs)).toISOString();
  return hostIsSilent(row.host_name, isAway, rfc3339(row.host_seen_at), until);
}
