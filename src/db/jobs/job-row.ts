import { type RawBuilder, sql } from 'kysely';
import type { JobState } from '../../domain/jobs/job-state.ts';
import type { Tx } from '../core/transaction.ts';

/** What the deciding writes look at. */
export interface JobRow {
  readonly id: string;
  readonly kind: string;
  readonly title: string;
  readonly state: JobState;
  readonly reason: string | null;
  readonly params: Record<string, unknown>;
  readonly hostId: string | null;
  readonly repositoryId: string | null;
  readonly planId: string | null;
  readonly runNo: number;
  readonly runId: string | null;
  readonly seq: string;
  readonly requestId: string;
  readonly actorLabel: string;
}

/** Reads the row after the organisation's lock was taken; nobody else can change its state until this transaction ends. */
export async function readJob(tx: Tx, jobId: string): Promise<JobRow | null> {
  return await readRow(tx, jobId, sql``);
}

/**
 * Reads the row and keeps its state and run as they are until this transaction ends, for who holds no lock of the
 * organisation: a claim beside a new run is either seen by that run or refused.
 */
export async function readJobShared(tx: Tx, jobId: string): Promise<JobRow | null> {
  return await readRow(tx, jobId, sql`for share`);
}

async function readRow(tx: Tx, jobId: string, lock: RawBuilder<unknown>): Promise<JobRow | null> {
  const found = await tx.first(sql<JobRow>`
    select id, kind, title, state, reason, params, host_id as "hostId", repository_id as "repositoryId", plan_id as "planId",
           run_no as "runNo", run_id as "runId", seq, request_id as "requestId", actor_label as "actorLabel"
      from job where org_id = ${tx.orgId} and id = ${jobId} ${lock}`);
  return found ?? null;
}
