import { createHash } from 'node:crypto';
import type pg from 'pg';
import { newCredential } from '../src/gateway/identity/credential.ts';
import { systemClock } from '../src/lib/clock.ts';
import { newUuid, systemRandom } from '../src/lib/ids.ts';
import { type Keyring, seal } from '../src/lib/seal.ts';

/** Rows for tests, in plain SQL through the superuser: what is tested never writes its own stage. Ids are uuids. */
export const uuid = (): string => newUuid(systemClock, systemRandom);
const token = (prefix: string): string => `${prefix}_${Buffer.from(systemRandom(32)).toString('base64url')}`;
const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();
let count = 0;
const nameOf = (noun: string): string => `${noun}-${++count}`;

export interface TestOrganization {
  readonly id: string;
  readonly siteId: string;
}

export async function organization(owner: pg.Client, name = nameOf('org')): Promise<TestOrganization> {
  const made = { id: uuid(), siteId: uuid() };
  await owner.query('insert into organization(id, name, created_at) values ($1, $2, now())', [made.id, name]);
  await owner.query(`insert into site(org_id, id, name, created_at) values ($1, $2, 'main', now())`, [
    made.id,
    made.siteId,
  ]);
  return made;
}

export async function site(owner: pg.Client, orgId: string, name = nameOf('site')): Promise<string> {
  const id = uuid();
  await owner.query('insert into site(org_id, id, name, created_at) values ($1, $2, $3, now())', [orgId, id, name]);
  return id;
}

export interface KeyOptions {
  /** Roles as [role, site or null]; an owner unless told. */
  readonly roles?: readonly (readonly [string, string | null])[];
  readonly scopes?: readonly string[] | null;
  readonly expiresAt?: Date;
  readonly revokedAt?: Date | null;
  readonly status?: 'invited' | 'active' | 'disabled';
}

/** A person with roles, and a key of that person. */
export async function personWithKey(
  owner: pg.Client,
  orgId: string,
  options: KeyOptions = {},
): Promise<{ userId: string; keyId: string; key: string; name: string }> {
  const made = { userId: uuid(), keyId: uuid(), key: token('hfk'), name: nameOf('Ada') };
  await owner.query('insert into app_user(id, email, name, status, created_at) values ($1, $2, $3, $4, now())', [
    made.userId,
    `${made.name}@example.org`,
    made.name,
    options.status ?? 'active',
  ]);
  for (const [role, siteId] of options.roles ?? [['owner', null]])
    await owner.query(
      'insert into role_assignment(org_id, id, user_id, role_key, site_id, created_at) values ($1, $2, $3, $4, $5, now())',
      [orgId, uuid(), made.userId, role, siteId],
    );
  await owner.query(
    `insert into api_key(org_id, id, user_id, name, key_hash, scopes, expires_at, revoked_at, created_at) values ($1, $2, $3, 'test', $4, $5, $6, $7, now())`,
    [
      orgId,
      made.keyId,
      made.userId,
      sha256(made.key),
      options.scopes ?? null,
      options.expiresAt ?? new Date(Date.now() + 86_400_000),
      options.revokedAt ?? null,
    ],
  );
  return made;
}

export interface HostOptions {
  readonly siteId?: string;
  readonly name?: string;
  readonly present?: boolean;
  readonly lastSeenAt?: Date | null;
  readonly activities?: readonly string[];
}

/** A host that is there, and the credential its agent would come with. */
export async function host(
  owner: pg.Client,
  org: TestOrganization,
  options: HostOptions = {},
): Promise<{ id: string; name: string; credential: string }> {
  const made = { id: uuid(), name: options.name ?? nameOf('host'), credential: '' };
  made.credential = newCredential(org.id, made.id, systemRandom);
  const seen = options.lastSeenAt === undefined ? new Date() : options.lastSeenAt;
  await owner.query(
    `insert into host(org_id, id, site_id, name, present, last_seen_at, epoch, activities, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, now())`,
    [
      org.id,
      made.id,
      options.siteId ?? org.siteId,
      made.name,
      options.present ?? true,
      seen,
      options.activities ? 1 : 0,
      JSON.stringify(options.activities ?? []),
    ],
  );
  await owner.query(
    'insert into host_credential(org_id, id, host_id, token_hash, created_at) values ($1, $2, $3, $4, now())',
    [org.id, uuid(), made.id, sha256(made.credential)],
  );
  return made;
}

export interface RepositoryOptions {
  readonly name?: string;
  readonly url?: string;
  /** Sealed when given; without it the repository has no password. */
  readonly password?: { readonly keyring: Keyring; readonly text: string };
}

export async function repository(
  owner: pg.Client,
  orgId: string,
  options: RepositoryOptions = {},
): Promise<{ id: string; name: string; url: string }> {
  const name = options.name ?? nameOf('repository');
  const made = { id: uuid(), name, url: options.url ?? `/srv/${name}` };
  await owner.query(
    `insert into repository(org_id, id, name, backend, url, created_at) values ($1, $2, $3, 'local', $4, now())`,
    [orgId, made.id, made.name, made.url],
  );
  if (options.password) {
    const context = { table: 'repository', row: made.id, column: 'password', organisation: orgId };
    await owner.query(
      `insert into secret(org_id, id, table_name, row_id, column_name, secret_version, sealed, created_at) values ($1, $2, 'repository', $3, 'password', 1, $4, now())`,
      [orgId, uuid(), made.id, seal(options.password.keyring, context, options.password.text)],
    );
  }
  return made;
}

export async function plan(
  owner: pg.Client,
  orgId: string,
  target: { hostId: string; repositoryId: string; name?: string; paths?: readonly string[] },
): Promise<{ id: string; name: string }> {
  const made = { id: uuid(), name: target.name ?? nameOf('plan') };
  await owner.query(
    'insert into plan(org_id, id, host_id, repository_id, name, paths, created_at) values ($1, $2, $3, $4, $5, $6, now())',
    [orgId, made.id, target.hostId, target.repositoryId, made.name, JSON.stringify(target.paths ?? ['/etc'])],
  );
  return made;
}
