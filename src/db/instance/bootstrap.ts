import type pg from 'pg';
import { newUuid } from '../../lib/ids.ts';
import { audit, type BootstrapParts } from './bootstrap-audit.ts';

/** What every instance starts with. Ids are uuids. */
export interface Bootstrapped {
  readonly orgId: string;
  readonly siteId: string;
  readonly ownerId: string;
  readonly ownerInvited: boolean;
  readonly firstBackupAt: Date | null;
}

export const OWNER_EMAIL = 'owner@localhost';

/** One transaction, one at a time: replicas that start together find what the first has made. */
export async function bootstrapTransaction<T>(client: pg.Client, work: () => Promise<T>): Promise<T> {
  await client.query('begin');
  try {
    await client.query('select pg_advisory_xact_lock(7000, 3)');
    const result = await work();
    await client.query('commit');
    return result;
  } catch (thrown) {
    await client.query('rollback').catch(() => {});
    throw thrown;
  }
}

/** Organisations, site, owner and instance row; only what is missing is made. */
export async function bootstrap(parts: BootstrapParts): Promise<Bootstrapped> {
  const { client, clock } = parts;
  await organization(parts, 'platform', 'Platform');
  const orgId = await organization(parts, 'organization', 'Home');
  const siteId = await site(parts, orgId);
  const owner = await ownerUser(parts, orgId);
  await client.query('insert into instance(id, created_at) values (1, $1) on conflict do nothing', [clock.now()]);
  const { rows } = await client.query('select first_backup_at from instance where id = 1');
  return {
    orgId,
    siteId,
    ownerId: owner.id,
    ownerInvited: owner.status === 'invited',
    firstBackupAt: rows[0].first_backup_at,
  };
}

async function organization({ client, clock, random }: BootstrapParts, plane: string, name: string): Promise<string> {
  // The oldest: people may rename it, and make others beside it.
  const found = await client.query('select id from organization where plane = $1 order by number limit 1', [plane]);
  if (found.rows[0]) return found.rows[0].id;
  const id = newUuid(clock, random);
  await client.query('insert into organization(id, name, plane, created_at) values ($1, $2, $3, $4)', [
    id,
    name,
    plane,
    clock.now(),
  ]);
  await audit({ client, clock, random }, id, {
    action: 'organization.create',
    objectKind: 'organization',
    objectId: id,
    objectLabel: name,
  });
  return id;
}

async function site(parts: BootstrapParts, orgId: string): Promise<string> {
  const { client, clock, random } = parts;
  const found = await client.query('select id from site where org_id = $1 order by created_at, id limit 1', [orgId]);
  if (found.rows[0]) return found.rows[0].id;
  const id = newUuid(clock, random);
  await client.query(`insert into site(org_id, id, name, created_at) values ($1, $2, 'Main', $3)`, [
    orgId,
    id,
    clock.now(),
  ]);
  await audit(parts, orgId, { action: 'site.create', objectKind: 'site', objectId: id, objectLabel: 'Main' });
  return id;
}

async function ownerUser(parts: BootstrapParts, orgId: string): Promise<{ id: string; status: string }> {
  const { client, clock, random } = parts;
  // Whoever was the first owner still is, under any address; without the role again only if an administrator took it.
  const found = await client.query(
    `select u.id, u.status from app_user u join role_assignment r on r.user_id = u.id
      where r.org_id = $1 and r.role_key = 'owner' and r.site_id is null order by u.created_at, u.id limit 1`,
    [orgId],
  );
  if (found.rows[0]) return found.rows[0];
  const id = newUuid(clock, random);
  await client.query(
    `insert into app_user(id, email, name, status, created_at) values ($1, $2, 'Owner', 'invited', $3)`,
    [id, OWNER_EMAIL, clock.now()],
  );
  await client.query(
    `insert into role_assignment(org_id, id, user_id, role_key, created_at) values ($1, $2, $3, 'owner', $4)`,
    [orgId, newUuid(clock, random), id, clock.now()],
  );
  await audit(parts, orgId, { action: 'user.invite', objectKind: 'user', objectId: id, objectLabel: OWNER_EMAIL });
  return { id, status: 'invited' };
}
