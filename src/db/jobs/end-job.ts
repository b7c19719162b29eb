import type { Actor } from '../../domain/core/actor.ts';
import type { JobFact } from '../../domain/jobs/job-state.ts';
import type { ItemFailure } from '../../domain/jobs/outcome.ts';
import type { Conclusion } from '../../kinds/core/conclude.ts';
import type { Written } from '../audit/record.ts';
import type { Tx } from '../core/transaction.ts';
import { releaseAndGrant } from './grant.ts';
import type { JobRow } from './job-row.ts';
import { moveJobs } from './move-jobs.ts';
import type { StartOrder } from './start-orders.ts';

export interface JobEnd {
  readonly conclusion: Conclusion;
  readonly failures: readonly ItemFailure[];
  readonly failureCount: number;
  readonly attempts: number;
  readonly actor: Actor;
  readonly requestId: string | null;
  /** Other columns of the row that say how it came to it. */
  readonly set?: Readonly<Record<string, Written<unknown>>>;
}

export const NO_RUN = { failures: [], failureCount: 0, attempts: 0 } as const;

/** Makes the row terminal, gives its keys back and grants; returns the starts of the jobs that were granted, for the engine. */
export async function endJob(tx: Tx, job: JobRow, fact: JobFact, end: JobEnd): Promise<StartOrder[]> {
  const { state, code, sentence, next, outcome } = end.conclusion;
  const failed = state === 'failed' || state === 'timed_out' || state === 'unknown';
  const set = {
    ...end.set,
    outcome_code: code,
    outcome_sentence: sentence,
    outcome_next: next,
    counts: JSON.stringify(outcome.counts),
    refs: JSON.stringify(outcome.refs),
    failures: JSON.stringify(end.failures),
    failure_count: end.failureCount,
    attempts: end.attempts,
  };
  const { actor, requestId } = end;
  const audit = {
    action: 'job.end',
    outcome: failed ? 'failed' : 'ok',
    actor,
    requestId,
    data: { state, code },
  } as const;
  const [, starts] = await Promise.all([
    moveJobs(tx, { ids: [job.id], state: job.state }, fact, { set, audit, data: { code } }),
    releaseAndGrant(tx, job.id),
  ]);
  return starts;
}
