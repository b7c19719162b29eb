import { sql } from 'kysely';
import type { AttemptIdentity } from '../../../domain/core/attempt-identity.ts';
import { type AttemptReport, LATE_LOG_MS, type ReportAnswer } from '../../../domain/jobs/agent-protocol.ts';
import { isTerminal, type JobState } from '../../../domain/jobs/job-state.ts';
import { keptBytes } from '../../../domain/jobs/log-size.ts';
import { isCurrentRun } from '../../../domain/jobs/run.ts';
import type { Tx } from '../../core/transaction.ts';
import { appendLog, closeLog, nextSeqOf } from '../../logs/append-log.ts';
import { knownAttempt, touchAttempt } from './touch-attempt.ts';

const CLOSED: ReportAnswer = { nextSeq: 0, closed: true, full: false };
/** A log that is locked fails the report after this: the agent keeps its lines, and the connection is free for others. */
const LOG_LOCK_MS = '1000';

/**
 * Takes what an attempt says: log lines in order, the newest progress, and how it ended. The result is taken with
 * whatever report it comes, because it is the same in all of them.
 */
export async function reportAttempt(
  tx: Tx,
  who: AttemptIdentity,
  report: AttemptReport,
  attemptId: string,
  now: Date,
): Promise<ReportAnswer> {
  const { orgId, jobId } = who;
  const job = await tx.first(sql<{
    kind: string;
    state: JobState;
    runNo: number;
    runId: string | null;
    host_id: string | null;
    day: string;
    finished_at: string | null;
  }>`
    select kind, state, run_no as "runNo", run_id as "runId", host_id, accepted_day::text as day, finished_at, set_config('lock_timeout', ${LOG_LOCK_MS}, true)
      from job where org_id = ${orgId} and id = ${jobId}`);
  const late = job?.finished_at && now.getTime() - new Date(job.finished_at).getTime() > LATE_LOG_MS;
  if (!job || job.host_id !== who.hostId || late) return CLOSED;
  tx.notify();
  const current = isCurrentRun(job, who);
  // What an attempt of a run that is over has to say is evidence, which the run after it looks for. A new attempt it cannot make.
  const id = current ? await touchAttempt(tx, attemptId, who, now, false, null) : await knownAttempt(tx, who);
  if (id === null) return CLOSED;
  const { nextSeq, full } = await takeLines(tx, who, report, job);
  const taken = nextSeq === report.firstSeq + report.lines.length;
  // What an attempt says that was given up is no progress: another one may be under way, or the job may wait to end.
  if (report.progress && taken && current && !isTerminal(job.state))
    await tx.run(sql`update job set progress = ${JSON.stringify(report.progress)}::jsonb, progress_at = ${now}::timestamptz
      where org_id = ${orgId} and id = ${jobId}
        and exists (select 1 from attempt where org_id = ${orgId} and id = ${id} and given_up_at is null)`);
  if (report.result)
    await tx.run(sql`update attempt set result = ${JSON.stringify(report.result)}::jsonb, result_at = coalesce(result_at, ${now}::timestamptz)
      where org_id = ${orgId} and id = ${id}`);
  return { nextSeq, closed: false, full };
}

/** Answers the number that comes next. What comes without lines does not touch the log, but for the question after that number. */
async function takeLines(
  tx: Tx,
  who: AttemptIdentity,
  { firstSeq, lines, progress, result, last }: AttemptReport,
  { kind, day }: { readonly kind: string; readonly day: string },
): Promise<Pick<ReportAnswer, 'nextSeq' | 'full'>> {
  if (lines.length === 0 && !last) {
    const asks = progress === null && result === null;
    return { nextSeq: asks ? await nextSeqOf(tx, who) : firstSeq, full: false };
  }
  const most = keptBytes(tx.registry.kinds.byKey(kind)?.limits.logBytes ?? 0);
  const taken =
    lines.length > 0 ? await appendLog(tx, who, { day, firstSeq, lines, most }) : { nextSeq: firstSeq, full: false };
  if (last && taken.nextSeq === firstSeq + lines.length)
    return { ...taken, nextSeq: await closeLog(tx, who, taken.nextSeq) };
  return taken;
}
