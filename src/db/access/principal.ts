import { createHash } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import type { Principal, RoleGrant } from '../../domain/core/authorize.ts';

interface Row {
  org_id: string;
  key_id: string;
  user_id: string;
  key_name: string;
  user_name: string;
  email: string;
  status: Principal['userStatus'];
  scopes: string[] | null;
  expired: boolean;
  revoked: boolean;
  deleted: boolean;
  org_name: string;
  grants: RoleGrant[];
}

/** The principal of a key, and what its owner may want to see of it. */
export interface KnownKey {
  readonly principal: Principal;
  readonly organizationName: string;
  readonly keyName: string;
  readonly userName: string;
  readonly email: string;
}

/** API keys look like this; anything else is refused without asking the database. */
export const API_KEY = /^hfk_[A-Za-z0-9_-]{43}$/;

export const hashKey = (key: string): Buffer => createHash('sha256').update(key).digest();

/** What has to be known of each key in `k`. */
const keyFacts = (
  now: Date,
) => sql`select k.org_id, k.id as key_id, k.user_id, k.name as key_name, u.name as user_name, u.email, u.status, k.scopes,
           k.expires_at <= ${now}::timestamptz as expired, k.revoked_at is not null as revoked, o.deleted_at is not null as deleted,
           o.name as org_name,
           coalesce((select jsonb_agg(jsonb_build_object('roleKey', r.role_key, 'siteId', r.site_id)) from role_assignment r
             where r.org_id = k.org_id and r.user_id = k.user_id and r.deleted_at is null
               and (r.expires_at is null or r.expires_at > ${now}::timestamptz)), '[]') as grants
      from k join app_user u on u.id = k.user_id join organization o on o.id = k.org_id`;

/**
 * Who holds this key: one statement on the `auth` login, which sees identity tables without an organisation because no organisation
 * is known yet. Expired and revoked keys are found too: the decision function says no, and the log says why.
 * `last_used_at` moves at most once a minute, so that a busy key does not write a row version per request.
 */
export async function findKey(auth: Kysely<unknown>, key: string, now: Date): Promise<KnownKey | null> {
  const found = await sql<Row>`
    with k as (select * from api_key where key_hash = ${hashKey(key)}),
    used as (update api_key a set last_used_at = ${now}::timestamptz from k
      where a.org_id = k.org_id and a.id = k.id and k.revoked_at is null and k.expires_at > ${now}::timestamptz
        and coalesce(a.last_used_at, '-infinity') < ${now}::timestamptz - interval '1 minute')
    ${keyFacts(now)}`.execute(auth);
  const row = found.rows[0];
  return row ? knownKeyOf(row) : null;
}

/** The same of keys that were let in before, by their ids: may they still? A key that is gone is not in the answer. */
export async function findKeysAgain(
  auth: Kysely<unknown>,
  keys: readonly { readonly orgId: string; readonly keyId: string }[],
  now: Date,
): Promise<ReadonlyMap<string, Principal>> {
  const [orgs, ids] = [keys.map((key) => key.orgId), keys.map((key) => key.keyId)];
  const found = await sql<Row>`
    with k as (select a.* from unnest(${orgs}::uuid[], ${ids}::uuid[]) as asked(org_id, id) join api_key a using (org_id, id))
    ${keyFacts(now)}`.execute(auth);
  return new Map(found.rows.map((row) => [row.key_id, knownKeyOf(row).principal]));
}

function knownKeyOf(row: Row): KnownKey {
  return {
    organizationName: row.org_name,
    keyName: row.key_name,
    userName: row.user_name,
    email: row.email,
    principal: {
      kind: 'key',
      userId: row.user_id,
      keyId: row.key_id,
      orgId: row.org_id,
      label: `${row.user_name} (key ${row.key_name})`,
      grants: row.grants,
      scopes: row.scopes,
      userStatus: row.status,
      credential: row.revoked ? 'revoked' : row.expired ? 'expired' : 'live',
      organizationDeleted: row.deleted,
    },
  };
}
