import { SAVED_NOTHING } from '../../kinds/backup/cover-outcomes.ts';
import { type Conclusion, conclude } from '../../kinds/core/conclude.ts';
import type { JobKind } from '../../kinds/core/define-kind.ts';
import type { Tx } from '../core/transaction.ts';
import type { JobRow } from '../jobs/job-row.ts';
import { filesOfLastRestorePoint } from './last-restore-point.ts';

/** A backup that saved nothing: is that what the plan always holds, or is everything gone? Only the rows know. */
export async function judgeCover(tx: Tx, job: JobRow, kind: JobKind, concluded: Conclusion): Promise<Conclusion> {
  if (!SAVED_NOTHING.includes(concluded.code) || job.planId === null || job.hostId === null) return concluded;
  const { planId, hostId } = job;
  const filesBefore = await filesOfLastRestorePoint(tx, { planId, hostId });
  if (filesBefore === null || filesBefore === 0) return concluded;
  const { counts, refs } = concluded.outcome;
  const outcome = { code: 'everything-gone', counts: { ...counts, filesBefore }, refs };
  return conclude(kind, { how: 'answered', outcome });
}
