import { sql } from 'kysely';
import type { Actor } from '../../domain/core/actor.ts';
import { newUuid } from '../../lib/ids.ts';
import { record } from '../audit/record.ts';
import type { Source } from '../core/database.ts';
import type { PooledClient } from '../core/pooled-client.ts';
import { type AnyTx, inTransaction } from '../core/transaction.ts';

/** What every instance starts with. Ids are uuids. */
export interface Bootstrapped {
  readonly orgId: string;
  readonly siteId: string;
  readonly ownerId: string;
  readonly ownerInvited: boolean;
  readonly firstBackupAt: Date | null;
}

export const OWNER_EMAIL = 'owner@localhost';
const STARTER: Actor = { kind: 'system', id: null, label: 'holdfast start' };

/**
 * One transaction, one at a time: replicas that start together find what the first has made. On the owner's connection, which
 * row-level security does not bind: no organisation exists yet to enter.
 */
export async function bootstrapTransaction<T>(
  client: PooledClient,
  { clock, random }: Pick<Source, 'clock' | 'random'>,
  work: (tx: AnyTx) => Promise<T>,
): Promise<T> {
  const kept = Object.assign(client, { release: () => {} });
  const lock = 'select pg_advisory_xact_lock(7000, 3)';
  return (await inTransaction(kept, lock, clock.now(), () => newUuid(clock, random), work)).answer;
}

/** Told in the transaction of what it tells of. */
export async function audit(
  tx: AnyTx,
  orgId: string,
  action: string,
  object: { readonly kind: string; readonly id: string; readonly label: string },
): Promise<void> {
  await record({ ...tx, orgId, actor: STARTER, requestId: null }, { audit: { action, object, data: {} } });
}

/** Organisations, site, owner and instance row; only what is missing is made. */
export async function bootstrap(tx: AnyTx): Promise<Bootstrapped> {
  await organization(tx, 'platform', 'Platform');
  const orgId = await organization(tx, 'organization', 'Home');
  const siteId = await site(tx, orgId);
  const owner = await ownerUser(tx, orgId);
  await tx.run(sql`insert into instance(id, created_at) values (1, ${tx.now}) on conflict do nothing`);
  const instance = await tx.first(sql<{ at: Date | null }>`select first_backup_at as at from instance where id = 1`);
  return {
    orgId,
    siteId,
    ownerId: owner.id,
    ownerInvited: owner.status === 'invited',
    firstBackupAt: instance!.at,
  };
}

async function organization(tx: AnyTx, plane: string, name: string): Promise<string> {
  // The oldest: people may rename it, and make others beside it.
  const found = await tx.first(
    sql<{ id: string }>`select id from organization where plane = ${plane} order by number limit 1`,
  );
  if (found) return found.id;
  const id = tx.newId();
  await tx.run(sql`insert into organization(id, name, plane, created_at) values (${id}, ${name}, ${plane}, ${tx.now})`);
  await audit(tx, id, 'organization.create', { kind: 'organization', id, label: name });
  return id;
}

async function site(tx: AnyTx, orgId: string): Promise<string> {
  const found = await tx.first(
    sql<{ id: string }>`select id from site where org_id = ${orgId} order by created_at, id limit 1`,
  );
  if (found) return found.id;
  const id = tx.newId();
  await tx.run(sql`insert into site(org_id, id, name, created_at) values (${orgId}, ${id}, 'Main', ${tx.now})`);
  await audit(tx, orgId, 'site.create', { kind: 'site', id, label: 'Main' });
  return id;
}

async function ownerUser(tx: AnyTx, orgId: string): Promise<{ id: string; status: string }> {
  // Whoever was the first owner still is, under any address; without the role again only if an administrator took it.
  const found = await tx.first(sql<{ id: string; status: string }>`
    select u.id, u.status from app_user u join role_assignment r on r.user_id = u.id
     where r.org_id = ${orgId} and r.role_key = 'owner' and r.site_id is null order by u.created_at, u.id limit 1`);
  if (found) return found;
  const id = tx.newId();
  await tx.run(
    sql`insert into app_user(id, email, name, status, created_at) values (${id}, ${OWNER_EMAIL}, 'Owner', 'invited', ${tx.now})`,
  );
  await tx.run(
    sql`insert into role_assignment(org_id, id, user_id, role_key, created_at) values (${orgId}, ${tx.newId()}, ${id}, 'owner', ${tx.now})`,
  );
  await audit(tx, orgId, 'user.invite', { kind: 'user', id, label: OWNER_EMAIL });
  return { id, status: 'invited' };
}
