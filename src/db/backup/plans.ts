import { sql } from 'kysely';
import { OWN_DATA, refuseOwnData, refusePlan } from '../../domain/backup/plan-paths.ts';
import type { Can } from '../../domain/core/actor.ts';
import { LOCAL_HOST } from '../../domain/core/local-host.ts';
import { REPOSITORY } from '../../kinds/backup/repository.ts';
import { HOST } from '../../kinds/hosts/host.ts';
import { Failure } from '../../lib/failure.ts';
import { publicId } from '../../lib/ids.ts';
import { tellChange } from '../audit/tell-change.ts';
import {
  createOnce,
  type EntityRead,
  findEntity,
  type Opening,
  openEntity,
  refuseTakenName,
} from '../core/entities.ts';
import type { IdempotencyKeyUse } from '../core/idempotency.ts';
import type { Tx } from '../core/transaction.ts';
import { loadSubjects } from '../jobs/load-subjects.ts';
import { Host } from '../tables/host.ts';
import { Plan } from '../tables/plan.ts';
import { Repository } from '../tables/repository.ts';

export const PLANS: EntityRead<Plan> = {
  entity: Plan,
  with: ['host', 'repository'],
  where: { deletedAt: null },
  site: 'host.site.id',
};

export interface NewPlan {
  readonly name: string;
  readonly hostId: string;
  readonly repositoryId: string;
  readonly paths: string[];
  readonly excludes?: string[];
}

/** What is left out stays as it is. */
export interface PlanChange {
  readonly name?: string;
  readonly paths?: string[];
  readonly excludes?: string[];
}

interface Paths {
  readonly paths: readonly string[];
  readonly excludes: readonly string[];
}

function checkPaths({ paths, excludes }: Paths): void {
  const refused = refusePlan(paths, excludes);
  if (refused) throw new Failure('invalid-input', refused.message, { fault: 'caller', pointer: refused.pointer });
}

/** The host that is this machine, where the control plane keeps its own data, and where a repository can be a folder. */
function checkOwnData(paths: readonly string[], hostName: string, url: string, ownFolders: readonly string[]): void {
  const ours = hostName === LOCAL_HOST ? ownFolders : [];
  const forbidden = ours.map((folder) => ({ folder, what: OWN_DATA }));
  if (url.startsWith('/')) forbidden.push({ folder: url, what: 'the repository it would go into' });
  const refused = refuseOwnData(paths, forbidden);
  if (refused) throw new Failure('invalid-input', refused.message, { fault: 'caller', pointer: refused.pointer });
}

const unknown = (noun: string, pointer: string) =>
  new Failure('unknown-target', `There is no such ${noun}.`, { fault: 'caller', pointer });
const lacks = (required: string, message = `This needs the permission ${required}.`, pointer?: string) =>
  new Failure('forbidden', message, { fault: 'caller', extra: { required }, ...(pointer && { pointer }) });

/** A name counts within its host. */
const freeName = (tx: Tx, name: string, host: { id: string; name: string }, self: string | null) =>
  refuseTakenName(tx, PLANS, {
    name,
    within: { host: { id: host.id } },
    self,
    says: `${host.name} has a plan "${name}" already.`,
  });

const tell = (tx: Tx, verb: string, plan: Plan, version: number, data: Record<string, unknown>) => {
  const object = { kind: 'plan', id: plan.id, label: `${plan.name} of ${plan.host.name}`, version };
  return tellChange(tx, { action: `plan.${verb}`, topic: 'plan.changed', object, data });
};

export function createPlan(
  tx: Tx,
  wanted: NewPlan,
  { use, can }: { readonly use: IdempotencyKeyUse | null; readonly can: Can },
  ownFolders: readonly string[],
): Promise<Plan> {
  const { name, paths, excludes = [] } = wanted;
  checkPaths({ paths, excludes });
  return createOnce(tx, PLANS, { noun: 'plan', use }, async () => {
    const { host, repository } = await targetOf(tx, wanted, can);
    checkOwnData(paths, host.name, repository.url, ownFolders);
    await freeName(tx, name, host, null);
    const id = tx.newId();
    tx.em.create(Plan, {
      orgId: tx.orgId,
      id,
      host: tx.em.getReference(Host, [tx.orgId, host.id]),
      repository: tx.em.getReference(Repository, [tx.orgId, repository.id]),
      name,
      paths,
      excludes,
      createdAt: tx.now,
    });
    await tx.em.flush();
    const plan = (await findEntity(tx, PLANS, id))!;
    await tell(tx, 'create', plan, plan.version, { paths, repository: repository.name });
    return plan;
  });
}

async function targetOf(tx: Tx, { hostId, repositoryId }: NewPlan, can: Can) {
  const [subjects] = await loadSubjects(tx, [{ host: hostId, repository: repositoryId }]);
  const [host, repository] = [HOST.in(subjects!), REPOSITORY.in(subjects!)];
  if (!host || !can('host:read', host.siteId)) throw unknown('host', '/hostId');
  if (!repository || !can('repository:read', null)) throw unknown('repository', '/repositoryId');
  if (!can('plan:manage', host.siteId)) throw lacks('plan:manage');
  if (repository.usedBy === null && !can('repository:manage', null)) {
    const message = `No plan of this site uses ${repository.name} yet: to bring its password there needs the permission repository:manage.`;
    throw lacks('repository:manage', message, '/repositoryId');
  }
  return { host, repository };
}

export async function changePlan(
  tx: Tx,
  id: string,
  change: PlanChange,
  opening: Opening,
  ownFolders: readonly string[],
): Promise<Plan> {
  const plan = await openEntity(tx, PLANS, id, 'plan', opening);
  const before = { name: plan.name, paths: plan.paths, excludes: plan.excludes };
  const after = { ...before, ...change };
  // Paths and excludes are judged together; what an older rule let in does not keep a plan from being renamed.
  if (change.paths || change.excludes) checkPaths(after);
  if (change.paths) checkOwnData(change.paths, plan.host.name, plan.repository.url, ownFolders);
  await freeName(tx, after.name, plan.host, id);
  Object.assign(plan, after);
  await tx.em.flush();
  await tell(tx, 'change', plan, plan.version, { ...after, before });
  return plan;
}

/** The row stays for the jobs that point at it. Snapshots in the repository are not touched. */
export async function removePlan(tx: Tx, id: string, opening: Opening): Promise<void> {
  const plan = await openEntity(tx, PLANS, id, 'plan', opening);
  const job = await openJobOf(tx, id, plan.host.id);
  if (job !== null)
    throw new Failure('plan-in-use', `The job ${publicId('job', job)} of the plan has not ended.`, {
      fault: 'caller',
      retryable: true,
      extra: { jobId: publicId('job', job) },
    });
  plan.deletedAt = tx.now;
  await tx.em.flush();
  await tell(tx, 'remove', plan, plan.version, { paths: plan.paths, excludes: plan.excludes });
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
