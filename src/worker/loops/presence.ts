import type { Doors } from '../../db/doors.ts';
import {
  type ChangedHost,
  changedHosts,
  countSilent,
  noteIngestProblem,
  readIngest,
} from '../../db/statements/silence.ts';
import { changePresenceOf } from '../../db/writes/change-presence.ts';
import { type IngestSeen, judgeSilence, mayBeMany, type SilenceVerdict } from '../../domain/silence.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Log } from '../../lib/log.ts';
import type { Door } from '../../temporal/doors.ts';

export interface PresenceSweepParts {
  readonly doors: Doors;
  readonly door: Pick<Door, 'newClaim' | 'pass'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** So many hosts in one transaction: other accepts of the organisation wait no longer than that. */
const BATCH = 100;

/** Each second: hosts that came or went, and what that grants. */
export async function sweepPresence(parts: PresenceSweepParts): Promise<'again' | 'rest'> {
  const { changed, ingest, counts, verdict } = await look(parts);
  await noteProblem(parts, ingest, counts.silent, verdict);
  const believed = changed.filter(({ present }) => present || verdict === 'away');
  for (const [orgId, hostIds] of batches(believed)) {
    const claim = parts.door.newClaim();
    await parts.door.pass(await parts.doors.inOrg(orgId, (tx) => changePresenceOf(tx, orgId, hostIds, claim)));
  }
  return 'rest';
}

interface Look {
  readonly changed: readonly ChangedHost[];
  readonly ingest: IngestSeen | null;
  readonly counts: { readonly silent: number; readonly present: number };
  readonly verdict: SilenceVerdict;
}

function look({ doors, clock }: PresenceSweepParts): Promise<Look> {
  const now = clock.now();
  return doors.acrossOrgs('sweep: presence', async (tx) => {
    const changed = await changedHosts(tx, now);
    const silent = changed.filter(({ present }) => !present).length;
    const ingest = await readIngest(tx);
    const counts = mayBeMany(silent) ? await countSilent(tx, now) : { silent, present: silent };
    return { changed, ingest, counts, verdict: judgeSilence(ingest, counts, now.getTime()) };
  });
}

async function noteProblem(
  { doors, clock, log }: PresenceSweepParts,
  ingest: IngestSeen | null,
  silentHosts: number,
  verdict: SilenceVerdict,
): Promise<void> {
  const known = ingest?.problemSinceMs ?? null;
  if (verdict === 'ingest-problem' && known === null) {
    log.error({ silentHosts }, 'too many hosts are silent at once to call them away: the ingest has a problem');
    await doors.acrossOrgs('sweep: ingest problem', (tx) => noteIngestProblem(tx, clock.now(), silentHosts));
  }
  if (verdict === 'away' && known !== null) {
    log.info({ silentHosts }, 'the problem of the ingest is over; hosts that are silent now are away');
    await doors.acrossOrgs('sweep: ingest problem', (tx) => noteIngestProblem(tx, null, 0));
  }
}

/** By organisation, in batches. */
function batches(hosts: readonly ChangedHost[]): [orgId: string, hostIds: string[]][] {
  const byOrg = Map.groupBy(hosts, ({ orgId }) => orgId);
  return [...byOrg].flatMap(([orgId, ofOrg]) =>
    Array.from({ length: Math.ceil(ofOrg.length / BATCH) }, (_, at): [string, string[]] => [
      orgId,
      ofOrg.slice(at * BATCH, (at + 1) * BATCH).map(({ hostId }) => hostId),
    ]),
  );
}
