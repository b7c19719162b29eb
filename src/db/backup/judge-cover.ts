import { SAVED_NOTHING } from '../../kinds/backup/cover-outcomes.ts';
import { type Conclusion, conclude } from '../../kinds/core/conclude.ts';
import type { EndingJob } from '../core/job-registry.ts';
import type { Tx } from '../core/transaction.ts';
import { filesOfLastRestorePoint } from './last-restore-point.ts';

/** A backup that saved nothing: is that what the plan always holds, or is everything gone? Only the rows know. */
export async function judgeCover(tx: Tx, { kind, subjects }: EndingJob, concluded: Conclusion): Promise<Conclusion> {
  const { plan: planId, host: hostId } = subjects;
  if (!SAVED_NOTHING.includes(concluded.code) || !planId || !hostId) return concluded;
  const filesBefore = await filesOfLastRestorePoint(tx, { planId, hostId });
  if (filesBefore === null || filesBefore === 0) return concluded;
  const { counts, refs } = concluded.outcome;
  const outcome = { code: 'everything-gone', counts: { ...counts, filesBefore }, refs };
  return conclude(kind, { how: 'answered', outcome });
}
