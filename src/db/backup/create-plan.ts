import { sql } from 'kysely';
import { type Forbidden, OWN_DATA, refuseOwnData, refusePlan } from '../../domain/backup/plan-paths.ts';
import type { Can } from '../../domain/core/actor.ts';
import { LOCAL_HOST } from '../../domain/core/local-host.ts';
import { Failure } from '../../lib/failure.ts';
import { newUuid } from '../../lib/ids.ts';
import { type ChangeParts, tellChange } from '../audit/tell-change.ts';
import { lockOrganization } from '../core/lock-organization.ts';
import type { Tx } from '../core/transaction.ts';
import type { IdempotencyKeyUse } from '../jobs/insert-jobs.ts';
import { loadFacts } from '../jobs/job-facts.ts';
import { recallRequest, rememberRequest } from '../jobs/remember-request.ts';

export interface NewPlan {
  readonly name: string;
  readonly hostId: string;
  readonly repositoryId: string;
  readonly paths: readonly string[];
  readonly excludes: readonly string[];
  readonly idempotency: IdempotencyKeyUse | null;
}

export function checkPaths({ paths, excludes }: Pick<NewPlan, 'paths' | 'excludes'>): void {
  const refused = refusePlan(paths, excludes);
  if (refused) throw new Failure('invalid-input', refused.message, { fault: 'caller', pointer: refused.pointer });
}

/** The host that is this machine, where the control plane keeps its own data, and where a repository can be a folder. */
export function checkOwnData(
  paths: readonly string[],
  hostName: string,
  repositoryUrl: string,
  ownFolders: readonly string[],
): void {
  const ours = hostName === LOCAL_HOST ? ownFolders : [];
  const forbidden: Forbidden[] = ours.map((folder) => ({ folder, what: OWN_DATA }));
  if (repositoryUrl.startsWith('/')) forbidden.push({ folder: repositoryUrl, what: 'the repository it would go into' });
  const refused = refuseOwnData(paths, forbidden);
  if (refused) throw new Failure('invalid-input', refused.message, { fault: 'caller', pointer: refused.pointer });
}

const unknown = (noun: string, pointer: string) =>
  new Failure('unknown-target', `There is no such ${noun}.`, { fault: 'caller', pointer });

export async function createPlan(
  tx: Tx,
  plan: NewPlan,
  parts: ChangeParts & { readonly can: Can; readonly ownFolders: readonly string[] },
): Promise<{ id: string; repeated: boolean }> {
  checkPaths(plan);
  await lockOrganization(tx);
  const before = await recallRequest(tx, plan.idempotency);
  if (before) return { id: before, repeated: true };
  const [facts] = await loadFacts(tx, [{ planId: null, hostId: plan.hostId, repositoryId: plan.repositoryId }]);
  const { host, repository } = facts!;
  if (!host || !parts.can('host:read', host.siteId)) throw unknown('host', '/hostId');
  if (!repository || !parts.can('repository:read', null)) throw unknown('repository', '/repositoryId');
  if (!parts.can('plan:manage', host.siteId))
    throw new Failure('forbidden', 'This needs the permission plan:manage.', {
      fault: 'caller',
      extra: { required: 'plan:manage' },
    });
  if (repository.usedBy === null && !parts.can('repository:manage', null))
    throw new Failure(
      'forbidden',
      `No plan of this site uses ${repository.name} yet: to bring its password there needs the permission repository:manage.`,
      { fault: 'caller', extra: { required: 'repository:manage' }, pointer: '/repositoryId' },
    );
  checkOwnData(plan.paths, host.name, repository.url, parts.ownFolders);
  const id = newUuid(parts.clock, parts.random);
  const now = parts.clock.now();
  const made = await tx.rows(sql`
    insert into plan(org_id, id, host_id, repository_id, name, paths, excludes, created_at)
      values (${tx.orgId}, ${id}, ${host.id}, ${repository.id}, ${plan.name}, ${JSON.stringify(plan.paths)}::jsonb, ${JSON.stringify(plan.excludes)}::jsonb, ${now}::timestamptz)
    on conflict (org_id, host_id, name) where deleted_at is null do nothing returning id`);
  if (made.length === 0)
    throw new Failure('name-taken', `${host.name} has a plan "${plan.name}" already.`, {
      fault: 'caller',
      pointer: '/name',
    });
  await rememberRequest(tx, plan.idempotency, id, now);
  const object = { kind: 'plan', id, label: `${plan.name} of ${host.name}`, version: 1 };
  const data = { paths: plan.paths, repository: repository.name };
  await tellChange(tx, { action: 'plan.create', topic: 'plan.changed', object, data }, parts);
  return { id, repeated: false };
}
