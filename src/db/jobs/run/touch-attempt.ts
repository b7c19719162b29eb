import { sql } from 'kysely';
import type { AttemptIdentity } from '../../../domain/core/attempt-identity.ts';
import type { SealedSecret } from '../../../domain/hosts/gateway-store.ts';
import { attemptClass } from '../../../domain/jobs/agent-protocol.ts';
import type { SecretRef } from '../../../kinds/core/define-kind.ts';
import type { Tx } from '../../core/transaction.ts';

/**
 * Makes the attempt's row where it is not there yet (`claimed` false: it only said something). A row that belongs to
 * another token is left alone and returns null: that is another run's or another agent's. So does a claim of one that was
 * given up: its run believes that it never began.
 */
export async function touchAttempt(
  tx: Tx,
  id: string,
  who: AttemptIdentity,
  now: Date,
  claimed: boolean,
  secretVersion: number | null,
): Promise<string | null> {
  const touched = await tx.first(sql<{ id: string }>`
    insert into attempt as a(org_id, id, job_id, run_no, attempt_no, host_id, epoch, activity, class, token_hash, first_seen_at, claimed_at,
        secret_version)
      select ${who.orgId}, ${id}, ${who.jobId}, ${who.runNo}, ${who.attempt}, ${who.hostId}, h.epoch, ${who.activity},
             ${attemptClass(who.activity)}, ${who.tokenHash},
             ${now}::timestamptz, case when ${claimed} then ${now}::timestamptz end, ${secretVersion}::int
        from host h where h.org_id = ${who.orgId} and h.id = ${who.hostId}
    on conflict (org_id, job_id, run_no, attempt_no) do update
      set claimed_at = coalesce(a.claimed_at, excluded.claimed_at), secret_version = coalesce(a.secret_version, excluded.secret_version),
          version = a.version + 1
      where a.token_hash = excluded.token_hash and a.host_id = excluded.host_id and not (${claimed} and a.given_up_at is not null)
    returning id`);
  return touched?.id ?? null;
}

/** The id of the attempt's row where it is there already and belongs to this token. */
export async function knownAttempt(tx: Tx, who: AttemptIdentity): Promise<string | null> {
  const found = await tx.first(sql<{ id: string }>`
    select id from attempt where org_id = ${who.orgId} and job_id = ${who.jobId} and run_no = ${who.runNo} and attempt_no = ${who.attempt}
      and token_hash = ${who.tokenHash} and host_id = ${who.hostId}`);
  return found?.id ?? null;
}

/** The newest sealed value of each secret; what is missing is left out. */
export async function newestSecrets(tx: Tx, refs: readonly SecretRef[]): Promise<SealedSecret[]> {
  if (refs.length === 0) return [];
  const found = await tx.rows(sql<SealedSecret>`
    select r.name, r.tab as "table", r.row, r.col as "column", s.secret_version as version, s.sealed
      from unnest(${refs.map((r) => r.name)}::text[], ${refs.map((r) => r.table)}::text[], ${refs.map((r) => r.row)}::uuid[],
                  ${refs.map((r) => r.column)}::text[]) as r(name, tab, row, col)
      cross join lateral (select secret_version, sealed from secret s where s.org_id = ${tx.orgId} and s.table_name = r.tab and s.row_id = r.row
        and s.column_name = r.col order by secret_version desc limit 1) s`);
  return found;
}
