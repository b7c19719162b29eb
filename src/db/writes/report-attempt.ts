import { sql } from 'kysely';
import type { LogLine, Progress } from '../../domain/agent-protocol.ts';
import { isTerminal, type JobState } from '../../domain/job-state.ts';
import type { AttemptResult } from '../../domain/outcome.ts';
import type { Tx } from '../doors.ts';
import { appendLog } from '../statements/append-log.ts';
import { type AttemptIdentity, knownAttempt, touchAttempt } from '../statements/claim-attempt.ts';

/** Lines of a job that has ended are taken this much longer: an agent that was cut off brings them when it is back. */
export const LATE_LOG_MS = 48 * 3_600_000;

export interface AttemptReport {
  readonly firstSeq: number;
  readonly lines: readonly LogLine[];
  readonly progress: Progress | null;
  readonly result: AttemptResult | null;
}

/** Takes what an attempt says: log lines in order, the newest progress, and with the last report how it ended. */
export async function reportAttempt(
  tx: Tx,
  who: AttemptIdentity,
  report: AttemptReport,
  attemptId: string,
  now: Date,
): Promise<{ nextSeq: number; closed: boolean }> {
  const { orgId, jobId } = who;
  const found = await sql<{
    state: JobState;
    run_no: number;
    run_id: string | null;
    host_id: string | null;
    day: string;
    finished_at: string | null;
  }>`
    select state, run_no, run_id, host_id, accepted_day::text as day, finished_at from job where org_id = ${orgId} and id = ${jobId}`.execute(
    tx.sql,
  );
  const job = found.rows[0];
  const late = job?.finished_at && now.getTime() - new Date(job.finished_at).getTime() > LATE_LOG_MS;
  if (!job || job.host_id !== who.hostId || late) return { nextSeq: 0, closed: true };
  tx.announce();
  const current = job.run_no === who.runNo && job.run_id === who.runId;
  // What an attempt of a run that is over has to say is evidence, which the run after it looks for. A new attempt it cannot make.
  const id = current ? await touchAttempt(tx, attemptId, who, now, false, null) : await knownAttempt(tx, who);
  if (id === null) return { nextSeq: 0, closed: true };
  const nextSeq = await appendLog(tx, who, job.day, report.firstSeq, report.lines, now);
  const taken = nextSeq === report.firstSeq + report.lines.length;
  if (report.progress && taken && current && !isTerminal(job.state))
    await sql`update job set progress = ${JSON.stringify(report.progress)}::jsonb, progress_at = ${now}::timestamptz
      where org_id = ${orgId} and id = ${jobId}`.execute(tx.sql);
  if (report.result && taken)
    await sql`update attempt set result = ${JSON.stringify(report.result)}::jsonb, result_at = coalesce(result_at, ${now}::timestamptz)
      where org_id = ${orgId} and id = ${id}`.execute(tx.sql);
  return { nextSeq, closed: false };
}
