import { sql } from 'kysely';
import { isTerminal, type TerminalState } from '../../../domain/jobs/job-state.ts';
import type { AttemptResult } from '../../../domain/jobs/outcome.ts';
import { readAttemptResult } from '../../../domain/jobs/read-outcome.ts';
import { isCurrentOrUnbegun, type JobEnding, type RunEnding, type RunInput } from '../../../domain/jobs/run.ts';
import { type Conclusion, conclude } from '../../../kinds/core/conclude.ts';
import type { EndingJob } from '../../core/job-registry.ts';
import { lockOrganization } from '../../core/lock-organization.ts';
import type { Tx } from '../../core/transaction.ts';
import { endJob } from '../end-job.ts';
import { readJob } from '../job-row.ts';
import { subjectsOfJob } from '../load-subjects.ts';
import type { StartOrder } from '../start-orders.ts';

export interface Finished {
  /** Null when the row belongs to another run; what stands in it when this run ended it before. */
  readonly end: JobEnding | null;
  /** Jobs that may start now: hand them to the engine after the commit. */
  readonly starts: readonly StartOrder[];
}

/** The last thing a run does: makes the row terminal with its verdict, gives the keys back, grants, tells. */
export async function finishRun(
  tx: Tx,
  input: RunInput,
  runId: string,
  ending: RunEnding,
  attempts: number,
): Promise<Finished> {
  const [, job, result] = await Promise.all([
    lockOrganization(tx),
    readJob(tx, input.jobId),
    ending.how === 'answered' ? lastResult(tx, input) : null,
  ]);
  if (job === null || !isCurrentOrUnbegun(job, { ...input, runId })) return { end: null, starts: [] };
  if (isTerminal(job.state)) return { end: await endingOf(tx, input, job.state), starts: [] };
  const kind = tx.registry.kinds.byKey(job.kind)!;
  const concluded = conclude(kind, ending);
  const about = { id: job.id, kind, subjects: subjectsOfJob(tx, job) };
  const conclusion = await judgeEnd(tx, about, concluded);
  const end = {
    conclusion,
    failures: result?.failures ?? [],
    failureCount: result?.failureCount ?? 0,
    attempts,
    actor: { kind: 'system', id: null, label: 'run' },
    requestId: job.requestId,
  } as const;
  const learnt = Promise.all(tx.registry.ends.map(({ learn }) => learn?.(tx, about, concluded.outcome)));
  const asked = Promise.all([endJob(tx, job, `ended:${conclusion.state}`, end), learnt]);
  tx.conclude();
  const [starts] = await asked;
  const { state, code, sentence, next } = conclusion;
  return { end: { state, code, sentence, next }, starts };
}

/** Each area may say more of the end than the host could know. */
async function judgeEnd(tx: Tx, job: EndingJob, concluded: Conclusion): Promise<Conclusion> {
  let conclusion = concluded;
  for (const { judge } of tx.registry.ends) if (judge) conclusion = await judge(tx, job, conclusion);
  return conclusion;
}

async function endingOf(tx: Tx, { orgId, jobId }: RunInput, state: TerminalState): Promise<JobEnding> {
  const found = await tx.first(sql<Omit<JobEnding, 'state'>>`
    select coalesce(outcome_code, '') as code, coalesce(outcome_sentence, '') as sentence, coalesce(outcome_next, '') as next
      from job where org_id = ${orgId} and id = ${jobId}`);
  return { state, ...found! };
}

/** The failures travel with the attempt's last report, because they are too big for a history. It may be of an earlier run. */
async function lastResult(tx: Tx, input: RunInput): Promise<AttemptResult | null> {
  const found = await tx.first(sql<{ result: unknown }>`
    select result from attempt where org_id = ${input.orgId} and job_id = ${input.jobId} and class = 'work'
     order by run_no desc, attempt_no desc limit 1`);
  return readAttemptResult(found?.result);
}
