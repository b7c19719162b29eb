import { sql } from 'kysely';
import { Failure } from '../../lib/failure.ts';
import { publicId } from '../../lib/ids.ts';
import { type ChangeParts, tellChange } from '../audit/tell-change.ts';
import { lockOrganization } from '../core/lock-organization.ts';
import type { Tx } from '../core/transaction.ts';
import { checkOwnData, checkPaths } from './create-plan.ts';

/** What is left out stays as it is. */
export interface PlanChange {
  readonly name?: string;
  readonly paths?: readonly string[];
  readonly excludes?: readonly string[];
}

export interface PlanParts extends ChangeParts {
  readonly ifVersion: number | null;
  readonly ownFolders: readonly string[];
  /** Refuses by throwing; asked at the site of the plan's host, before anything is said about the plan. */
  readonly demandAt: (siteId: string) => void;
}

interface Row {
  name: string;
  paths: string[];
  excludes: string[];
  version: number;
  host_id: string;
  host_name: string;
  repository_url: string;
  site_id: string;
}

/** The plan as it is, inside the organisation's lock: no job of it can be accepted meanwhile. */
async function openPlan(tx: Tx, id: string, { ifVersion, demandAt }: PlanParts): Promise<Row> {
  await lockOrganization(tx);
  const row = await tx.first(sql<Row>`
    select p.name, p.paths, p.excludes, p.version, p.host_id, h.name as host_name, h.site_id, r.url as repository_url
      from plan p join host h on h.org_id = p.org_id and h.id = p.host_id join repository r on r.org_id = p.org_id and r.id = p.repository_id
     where p.org_id = ${tx.orgId} and p.id = ${id} and p.deleted_at is null`);
  if (!row) throw new Failure('not-found', 'There is no such plan.', { fault: 'caller' });
  demandAt(row.site_id);
  if (ifVersion !== null && ifVersion !== row.version)
    throw new Failure('version-conflict', `The plan is at version ${row.version} by now.`, { fault: 'caller' });
  return row;
}

export async function changePlan(tx: Tx, id: string, change: PlanChange, parts: PlanParts): Promise<void> {
  const before = await openPlan(tx, id, parts);
  const { name = before.name, paths = before.paths, excludes = before.excludes } = change;
  // Paths and excludes are judged together; what an older rule let in does not keep a plan from being renamed.
  if (change.paths || change.excludes) checkPaths({ paths, excludes });
  if (change.paths) checkOwnData(paths, before.host_name, before.repository_url, parts.ownFolders);
  const taken = await tx.rows(sql`
    select 1 from plan where org_id = ${tx.orgId} and host_id = ${before.host_id} and name = ${name} and id <> ${id} and deleted_at is null`);
  if (taken.length > 0)
    throw new Failure('name-taken', `${before.host_name} has a plan "${name}" already.`, {
      fault: 'caller',
      pointer: '/name',
    });
  await tx.run(sql`
    update plan set name = ${name}, paths = ${JSON.stringify(paths)}::jsonb, excludes = ${JSON.stringify(excludes)}::jsonb, version = version + 1
     where org_id = ${tx.orgId} and id = ${id}`);
  const object = { kind: 'plan', id, label: `${name} of ${before.host_name}`, version: before.version + 1 };
  const was = { name: before.name, paths: before.paths, excludes: before.excludes };
  const data = { name, paths, excludes, before: was };
  await tellChange(tx, { action: 'plan.change', topic: 'plan.changed', object, data }, parts);
}

/** The row stays for the jobs that point at it. Snapshots in the repository are not touched. */
export async function removePlan(tx: Tx, id: string, parts: PlanParts): Promise<void> {
  const plan = await openPlan(tx, id, parts);
  const job = await openJobOf(tx, id, plan.host_id);
  if (job !== null)
    throw new Failure('plan-in-use', `The job ${publicId('job', job)} of the plan has not ended.`, {
      fault: 'caller',
      retryable: true,
      extra: { jobId: publicId('job', job) },
    });
  await tx.run(sql`update plan set deleted_at = ${parts.clock.now()}::timestamptz, version = version + 1
     where org_id = ${tx.orgId} and id = ${id}`);
  const object = { kind: 'plan', id, label: `${plan.name} of ${plan.host_name}`, version: plan.version + 1 };
  const data = { paths: plan.paths, excludes: plan.excludes };
  await tellChange(tx, { action: 'plan.remove', topic: 'plan.changed', object, data }, parts);
}

/** The oldest job of the plan that has not ended. Each range has a partial index; the history of the plan is not read. */
async function openJobOf(tx: Tx, planId: string, hostId: string): Promise<string | null> {
  const found = await tx.first(sql<{ id: string }>`
    select id from job where org_id = ${tx.orgId} and host_id = ${hostId} and state = 'waiting' and plan_id = ${planId}
    union all select id from job where org_id = ${tx.orgId} and state = any (array['queued', 'running', 'cancelling']) and plan_id = ${planId}
    union all select id from job where org_id = ${tx.orgId} and state = 'paused' and plan_id = ${planId}
    order by id limit 1`);
  return found?.id ?? null;
}
