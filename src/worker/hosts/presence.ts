import { changePresenceOf } from '../../db/hosts/change-presence.ts';
import { type ChangedHost, changedHosts, countSilent, noteIngestProblem, readIngest } from '../../db/hosts/silence.ts';
import { type IngestSeen, judgeSilence, mayBeMany, type SilenceVerdict } from '../../domain/jobs/silence.ts';
import { bisect } from '../../lib/bisect.ts';
import { concurrently } from '../../lib/concurrently.ts';
import type { LoopParts } from '../core/loop-parts.ts';

type SweepParts = Pick<LoopParts<'startRuns'>, 'database' | 'engine' | 'log'>;

/** So many hosts in one transaction: other accepts of the organisation wait no longer than that. */
const BATCH = 100;

/** Each second: hosts that came or went, and what that grants. */
export async function sweepPresence(parts: SweepParts): Promise<'again' | 'rest'> {
  const { changed, ingest, counts, verdict } = await look(parts);
  await noteProblem(parts, ingest, counts.silent, verdict);
  const believed = changed.filter(({ present }) => present || verdict === 'away');
  // One after the other: what they grant is started in the order in which it is granted.
  await concurrently(batches(believed), 1, (batch) => change(parts, batch));
  return 'rest';
}

/** An organisation that cannot be written, and in it a host, keeps no other from being seen. */
async function change({ database, engine, log }: SweepParts, [orgId, hostIds]: [string, string[]]): Promise<void> {
  const write = async (some: readonly string[]) => {
    await engine.startRuns(await database.inOrganization(orgId, (tx) => changePresenceOf(tx, some)));
  };
  const left = await bisect(hostIds, write);
  if (left.length > 0) log.error({ orgId, hostIds: left }, 'host presence write failed');
}

interface Look {
  readonly changed: readonly ChangedHost[];
  readonly ingest: IngestSeen | null;
  readonly counts: { readonly silent: number; readonly present: number };
  readonly verdict: SilenceVerdict;
}

function look({ database }: SweepParts): Promise<Look> {
  return database.acrossOrganizations('sweep: presence', async (tx) => {
    const changed = await changedHosts(tx);
    const silent = changed.filter(({ present }) => !present).length;
    const ingest = await readIngest(tx);
    const counts = mayBeMany(silent) ? await countSilent(tx) : { silent, present: silent };
    return { changed, ingest, counts, verdict: judgeSilence(ingest, counts, tx.now.getTime()) };
  });
}

async function noteProblem(
  { database, log }: SweepParts,
  ingest: IngestSeen | null,
  silentHosts: number,
  verdict: SilenceVerdict,
): Promise<void> {
  const known = ingest?.problemSinceMs ?? null;
  if (verdict === 'ingest-problem' && known === null) {
    log.error({ silentHosts }, 'too many hosts silent at once: ingest problem, not calling them away');
    await database.acrossOrganizations('sweep: ingest problem', (tx) => noteIngestProblem(tx, tx.now, silentHosts));
  }
  if (verdict === 'away' && known !== null) {
    log.info({ silentHosts }, 'ingest problem over: silent hosts are away');
    await database.acrossOrganizations('sweep: ingest problem', (tx) => noteIngestProblem(tx, null, 0));
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
