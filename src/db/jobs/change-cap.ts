import { sql } from 'kysely';
import type { EventTopic } from '../../catalog/events.ts';
import { Failure } from '../../lib/failure.ts';
import { tellChange } from '../audit/tell-change.ts';
import { lockOrganization } from '../core/lock-organization.ts';
import type { Tx } from '../core/transaction.ts';
import { limitRepository, limitSite } from './grant.ts';
import { loadStartOrders, type StartOrder } from './start-orders.ts';

export interface CapChange {
  /** How many jobs run at once; null: no cap of its own. */
  readonly maxJobs: number | null;
  readonly ifVersion: number | null;
}

interface Capped {
  readonly noun: 'repository' | 'site';
  readonly topic: EventTopic;
  readonly limit: typeof limitSite;
}

const REPOSITORY: Capped = { noun: 'repository', topic: 'repository.changed', limit: limitRepository };
const SITE: Capped = { noun: 'site', topic: 'site.changed', limit: limitSite };

/** Sets a repository's cap; answers what may start by that, to be handed to the engine after the commit. */
export const changeRepository = (tx: Tx, id: string, change: CapChange) => changeCap(tx, REPOSITORY, id, change);

/** Sets a site's cap; answers what may start by that, to be handed to the engine after the commit. */
export const changeSite = (tx: Tx, id: string, change: CapChange) => changeCap(tx, SITE, id, change);

async function changeCap(
  tx: Tx,
  { noun, topic, limit }: Capped,
  id: string,
  { maxJobs, ifVersion }: CapChange,
): Promise<StartOrder[]> {
  await lockOrganization(tx);
  const table = sql.table(noun);
  const row = await tx.first(sql<{ name: string; version: number; max_jobs: number | null }>`
    select name, version, max_jobs from ${table} where org_id = ${tx.orgId} and id = ${id} for update`);
  if (!row) throw new Failure('not-found', `There is no such ${noun}.`, { fault: 'caller' });
  if (ifVersion !== null && ifVersion !== row.version)
    throw new Failure('version-conflict', `The ${noun} is at version ${row.version} by now.`, { fault: 'caller' });
  await tx.run(
    sql`update ${table} set max_jobs = ${maxJobs}, version = version + 1 where org_id = ${tx.orgId} and id = ${id}`,
  );
  const object = { kind: noun, id, label: row.name, version: row.version + 1 };
  const data = { maxJobs, before: row.max_jobs };
  await tellChange(tx, { action: `${noun}.set-cap`, topic, object, data });
  return loadStartOrders(tx, await limit(tx, id, maxJobs));
}
