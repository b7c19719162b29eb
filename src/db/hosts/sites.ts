import { ForeignKeyConstraintViolationException } from '@mikro-orm/core';
import { Failure } from '../../lib/failure.ts';
import { tellChange } from '../audit/tell-change.ts';
import { createOnce, type EntityRead, findEntity, openEntity, refuseTakenName } from '../core/entities.ts';
import type { IdempotencyKeyUse } from '../core/idempotency.ts';
import type { Tx } from '../core/transaction.ts';
import { changeSite as changeSiteCap } from '../jobs/change-cap.ts';
import { limitSite } from '../jobs/grant.ts';
import type { StartOrder } from '../jobs/start-orders.ts';
import { Site } from '../tables/site.ts';

export const SITES: EntityRead<Site> = { entity: Site, site: 'id' };

const noun = 'site';
const taken = (name: string) => `There is a site "${name}" already.`;
const tell = (tx: Tx, verb: string, { id, name, version }: Site, data: Record<string, unknown>) =>
  tellChange(tx, {
    action: `site.${verb}`,
    topic: 'site.changed',
    object: { kind: noun, id, label: name, version },
    data,
  });

export function createSite(
  tx: Tx,
  { name, maxJobs = null }: { readonly name: string; readonly maxJobs?: number | null },
  use: IdempotencyKeyUse | null,
): Promise<Site> {
  return createOnce(tx, SITES, { noun, use }, async () => {
    await refuseTakenName(tx, SITES, { name, says: taken(name) });
    const site = tx.em.create(Site, { org: tx.orgId, id: tx.newId(), name, maxJobs, createdAt: tx.now });
    await tx.em.flush();
    await tell(tx, 'create', site, { maxJobs });
    return site;
  });
}

export interface SiteChange {
  /** Names are for people: hosts, rights and jobs go by the id. */
  readonly name?: string;
  readonly maxJobs?: number | null;
  readonly ifVersion: number | null;
}

/** Returns what may start by that too, to be handed to the engine after the commit. */
export async function changeSite(
  tx: Tx,
  id: string,
  { name, maxJobs, ifVersion }: SiteChange,
): Promise<{ site: Site; starts: StartOrder[] }> {
  const site = await openEntity(tx, SITES, id, noun, { ifVersion });
  if (name !== undefined && name !== site.name) {
    await refuseTakenName(tx, SITES, { name, self: id, says: taken(name) });
    const before = site.name;
    site.name = name;
    await tx.em.flush();
    await tell(tx, 'rename', site, { before });
  }
  const starts = maxJobs === undefined ? [] : await changeSiteCap(tx, id, { maxJobs, ifVersion: null });
  return { site: (await findEntity(tx, SITES, id))!, starts };
}

/** Only what nothing ever pointed at: hosts, jobs and roles that were given there, also those that were taken away, keep their site. */
export async function removeSite(tx: Tx, id: string, ifVersion: number | null): Promise<void> {
  const site = await openEntity(tx, SITES, id, noun, { ifVersion });
  // Its cap is a key of its own; nobody waits for one without hosts.
  await limitSite(tx, id, null);
  tx.em.remove(site);
  await tx.em.flush().catch((thrown: unknown) => {
    if (!(thrown instanceof ForeignKeyConstraintViolationException)) throw thrown;
    throw new Failure('site-in-use', `Hosts or roles belong to the site ${site.name}, or did before.`, {
      fault: 'caller',
    });
  });
  await tell(tx, 'remove', { ...site, version: site.version + 1 }, {});
}
