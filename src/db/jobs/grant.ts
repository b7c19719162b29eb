import { sql } from 'kysely';
import { repositorySlots } from '../../domain/jobs/lock.ts';
import type { Tx } from '../core/transaction.ts';
import { readStartOrders, type StartOrder } from './start-orders.ts';

/** Outbox entries are written already claimed by who commits them; if it dies before it sent them, the pump takes over. */
export interface CommitterClaim {
  readonly token: string;
  readonly now: Date;
  readonly until: Date;
}

/** FT-2 wants a start that was cut off between commit and Temporal to be sent within 10 s. */
export const COMMITTER_CLAIM_MS = 5_000;

/** Tries these waiting jobs in the given order; answers those that were granted. */
export async function tryJobs(tx: Tx, jobIds: readonly string[], claim: CommitterClaim): Promise<Set<string>> {
  const tried = await tx.rows(sql<{ id: string; ok: boolean }>`
    select id, lock_try(${tx.orgId}::uuid, id, ${claim.now}::timestamptz, ${claim.token}::uuid, ${claim.until}::timestamptz) as ok
      from (select id from unnest(${[...jobIds]}::uuid[]) with ordinality as u(id, no) order by no) o`);
  return new Set(tried.filter((row) => row.ok).map((row) => row.id));
}

/**
 * Gives back what a job holds or waits for, and grants what that lets in; answers the starts of the jobs that were granted. Their
 * rows are read as they were before the grant, which changes nothing that a start says.
 */
export async function releaseAndGrant(tx: Tx, jobId: string, claim: CommitterClaim): Promise<StartOrder[]> {
  return await readStartOrders(
    tx,
    sql`select lock_grant(${tx.orgId}::uuid, lock_release(${tx.orgId}::uuid, ${jobId}::uuid), ${claim.now}::timestamptz,
      ${claim.token}::uuid, ${claim.until}::timestamptz)`,
  );
}

/** A repository's cap changed. Answers the jobs that were granted by that. */
export async function limitRepository(
  tx: Tx,
  repositoryId: string,
  maxJobs: number | null,
  claim: CommitterClaim,
): Promise<string[]> {
  const granted = await tx.first(sql<{ ids: string[] }>`
    select lock_limit(${tx.orgId}::uuid, ${`repository/${repositoryId}`}, ${repositorySlots(maxJobs)}::int, ${claim.now}::timestamptz, ${claim.token}::uuid,
      ${claim.until}::timestamptz) as ids`);
  return granted?.ids ?? [];
}

/** A site's cap changed, came or went. Answers the jobs that were granted by that. */
export async function limitSite(
  tx: Tx,
  siteId: string,
  maxJobs: number | null,
  claim: CommitterClaim,
): Promise<string[]> {
  const granted = await tx.first(sql<{ ids: string[] }>`
    select lock_site(${tx.orgId}::uuid, ${siteId}::uuid, ${maxJobs}::int, ${claim.now}::timestamptz, ${claim.token}::uuid,
      ${claim.until}::timestamptz) as ids`);
  return granted?.ids ?? [];
}

/** A host came or went. Answers the jobs that were granted by that. */
export async function changePresence(
  tx: Tx,
  hostId: string,
  present: boolean,
  claim: CommitterClaim,
): Promise<string[]> {
  const granted = await tx.first(sql<{ ids: string[] }>`
    select lock_presence(${tx.orgId}::uuid, ${hostId}::uuid, ${present}, ${claim.now}::timestamptz, ${claim.token}::uuid,
      ${claim.until}::timestamptz) as ids`);
  return granted?.ids ?? [];
}
