import { sql } from 'kysely';
import { repositorySlots } from '../../domain/jobs/lock.ts';
import type { Tx } from '../core/transaction.ts';
import { claimedUntil } from './move-jobs.ts';
import { readStartOrders, type StartOrder } from './start-orders.ts';

/** The functions write the outbox entries of what they grant, claimed as `moveJobs` does. */
const claim = (tx: Tx) => sql`${tx.now}::timestamptz, ${tx.newId()}::uuid, ${claimedUntil(tx)}::timestamptz`;

/** Tries these waiting jobs in the given order; answers those that were granted. */
export async function tryJobs(tx: Tx, jobIds: readonly string[]): Promise<Set<string>> {
  const tried = await tx.rows(sql<{ id: string; ok: boolean }>`
    select id, lock_try(${tx.orgId}::uuid, id, ${claim(tx)}) as ok
      from (select id from unnest(${[...jobIds]}::uuid[]) with ordinality as u(id, no) order by no) o`);
  return new Set(tried.filter((row) => row.ok).map((row) => row.id));
}

/**
 * Gives back what a job holds or waits for, and grants what that lets in; answers the starts of the jobs that were granted. Their
 * rows are read as they were before the grant, which changes nothing that a start says.
 */
export async function releaseAndGrant(tx: Tx, jobId: string): Promise<StartOrder[]> {
  return await readStartOrders(
    tx,
    sql`select lock_grant(${tx.orgId}::uuid, lock_release(${tx.orgId}::uuid, ${jobId}::uuid), ${claim(tx)})`,
  );
}

/** A repository's cap changed. Answers the jobs that were granted by that. */
export async function limitRepository(tx: Tx, repositoryId: string, maxJobs: number | null): Promise<string[]> {
  const granted = await tx.first(sql<{ ids: string[] }>`
    select lock_limit(${tx.orgId}::uuid, ${`repository/${repositoryId}`}, ${repositorySlots(maxJobs)}::int, ${claim(tx)}) as ids`);
  return granted?.ids ?? [];
}

/** A site's cap changed, came or went. Answers the jobs that were granted by that. */
export async function limitSite(tx: Tx, siteId: string, maxJobs: number | null): Promise<string[]> {
  const granted = await tx.first(sql<{ ids: string[] }>`
    select lock_site(${tx.orgId}::uuid, ${siteId}::uuid, ${maxJobs}::int, ${claim(tx)}) as ids`);
  return granted?.ids ?? [];
}

/** A host came or went. Answers the jobs that were granted by that. */
export async function changePresence(tx: Tx, hostId: string, present: boolean): Promise<string[]> {
  const granted = await tx.first(sql<{ ids: string[] }>`
    select lock_presence(${tx.orgId}::uuid, ${hostId}::uuid, ${present}, ${claim(tx)}) as ids`);
  return granted?.ids ?? [];
}

/** Tries all who wait with nothing in their way. Returns the jobs that were granted by that. */
export async function repeatPass(tx: Tx): Promise<string[]> {
  const granted = await tx.first(sql<{ ids: string[] }>`select lock_repeat(${tx.orgId}::uuid, ${claim(tx)}) as ids`);
  return granted?.ids ?? [];
}
