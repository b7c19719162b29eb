import { sql } from 'kysely';
import type { Outcome } from '../../domain/jobs/outcome.ts';
import { repositoryStateAfter } from '../../kinds/backup/repository-state.ts';
import type { Tx } from '../core/transaction.ts';

/** What hosts say of a repository is stored only in this form. */
const digestIn = (text: string | undefined): string | null => (text && /^[0-9a-f]{64}$/.test(text) ? text : null);

/**
 * What a job's end says of its repository: state and since when, which one it is, how many snapshots it got. A backup
 * tells the id only where none is known; an initialisation may put another one in its place, whose snapshots we do not know.
 * One that was made just now is never the one before, also when its id was not learnt.
 */
export async function learnRepository(tx: Tx, repositoryId: string, { code, refs }: Outcome): Promise<void> {
  const [ifNew, ifReady] = [repositoryStateAfter(code, false), repositoryStateAfter(code, true)];
  if (ifNew === null || ifReady === null) return;
  const resticId = digestIn(refs.resticId);
  const isNew = code === 'initialised';
  const replaces = isNew || (code === 'already-initialised' && resticId !== null);
  const made = refs.snapshotId === undefined ? 0 : 1;
  // A digest stands for an id: alone, or beside another id than the row's, it would let another repository pass.
  const digest = resticId === null ? null : digestIn(refs.configDigest);
  await tx.run(sql`update repository set state = case when ready_at is null then ${ifNew} else ${ifReady} end, state_at = ${tx.now}::timestamptz,
      ready_at = case when ${ifReady === 'ready'} then ${tx.now}::timestamptz else ready_at end,
      snapshots_known = case when ${isNew} or (${replaces} and restic_id <> ${resticId}) then 0 else snapshots_known end + ${made}::int,
      restic_id = case when ${replaces} then ${resticId} else coalesce(restic_id, ${resticId}) end,
      config_digest = case when ${replaces} then ${digest}::text when coalesce(restic_id, ${resticId}) = ${resticId}
        then coalesce(${digest}::text, config_digest) else config_digest end, version = version + 1
    where org_id = ${tx.orgId} and id = ${repositoryId}`);
}
