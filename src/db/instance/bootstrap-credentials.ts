import { createHash } from 'node:crypto';
import { LOCAL_HOST } from '../../domain/core/local-host.ts';
import { newUuid, type RandomBytes } from '../../lib/ids.ts';
import { type Bootstrapped, OWNER_EMAIL } from './bootstrap.ts';
import { audit, type BootstrapParts } from './bootstrap-audit.ts';

const TOKEN_BYTES = 32;
const SETUP_TOKEN_MS = 3_600_000;
const API_KEY_MS = 365 * 86_400_000;
const RENEW_KEY_MS = 30 * 86_400_000;
const CLI_KEY = 'cli';

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();
const mint = (prefix: string, random: RandomBytes): string =>
  `${prefix}_${Buffer.from(random(TOKEN_BYTES)).toString('base64url')}`;

/** The one-time link's token for an owner who never set a password; older ones that were not used die. */
export async function mintSetupToken(parts: BootstrapParts, made: Bootstrapped): Promise<string> {
  const { client, clock, random } = parts;
  const now = clock.now();
  const text = mint('hfs', random);
  await client.query(
    'update setup_token set expires_at = $2 where user_id = $1 and used_at is null and expires_at > $2',
    [made.ownerId, now],
  );
  await client.query(
    'insert into setup_token(id, user_id, token_hash, expires_at, created_at) values ($1, $2, $3, $4, $5)',
    [newUuid(clock, random), made.ownerId, sha256(text), new Date(now.getTime() + SETUP_TOKEN_MS), now],
  );
  const fact = { action: 'setup_token.mint', objectKind: 'user', objectId: made.ownerId, objectLabel: OWNER_EMAIL };
  await audit(parts, made.orgId, fact);
  return text;
}

/**
 * The owner's key for the command line: the one it has as long as that is good for another month, so that whoever follows
 * a job over a restart goes on; else a new one, and the ones before it die in the same transaction.
 */
export async function ensureApiKey(parts: BootstrapParts, made: Bootstrapped, kept: string | null): Promise<string> {
  const { client, clock } = parts;
  if (kept === null) return await mintApiKey(parts, made);
  const { rowCount } = await client.query(
    `select 1 from api_key where org_id = $1 and user_id = $2 and name = $3 and key_hash = $4 and revoked_at is null
       and scopes is null and expires_at > $5`,
    [made.orgId, made.ownerId, CLI_KEY, sha256(kept), new Date(clock.now().getTime() + RENEW_KEY_MS)],
  );
  return rowCount === 0 ? await mintApiKey(parts, made) : kept;
}

async function mintApiKey(parts: BootstrapParts, made: Bootstrapped): Promise<string> {
  const { client, clock, random } = parts;
  const now = clock.now();
  const text = mint('hfk', random);
  const id = newUuid(clock, random);
  const { rows } = await client.query(
    'update api_key set revoked_at = $3, version = version + 1 where user_id = $1 and name = $2 and revoked_at is null returning id',
    [made.ownerId, CLI_KEY, now],
  );
  await client.query(
    `insert into api_key(org_id, id, user_id, name, key_hash, expires_at, created_at) values ($1, $2, $3, $4, $5, $6, $7)`,
    [made.orgId, id, made.ownerId, CLI_KEY, sha256(text), new Date(now.getTime() + API_KEY_MS), now],
  );
  const about = (action: string, objectId: string) => ({
    action,
    objectKind: 'api_key',
    objectId,
    objectLabel: CLI_KEY,
  });
  for (const old of rows) await audit(parts, made.orgId, about('api_key.revoke', old.id));
  await audit(parts, made.orgId, about('api_key.mint', id));
  return text;
}

/**
 * The credential of this machine's agent: the one it has when that is still good, else a new one from `make`, which is
 * told the host's uuid; then the ones before it are revoked.
 */
export async function enrolLocalHost(
  parts: BootstrapParts,
  made: Bootstrapped,
  kept: string | null,
  make: (orgId: string, hostId: string) => string,
): Promise<string> {
  const { client, clock, random } = parts;
  const { orgId } = made;
  const hostId = await localHost(parts, made);
  const live = await client.query(
    'select token_hash from host_credential where org_id = $1 and host_id = $2 and revoked_at is null',
    [orgId, hostId],
  );
  if (kept !== null && live.rows.some((row) => sha256(kept).equals(row.token_hash))) return kept;
  const text = make(orgId, hostId);
  const about = (action: string) => ({ action, objectKind: 'host', objectId: hostId, objectLabel: LOCAL_HOST });
  const revoked = await client.query(
    'update host_credential set revoked_at = $3, version = version + 1 where org_id = $1 and host_id = $2 and revoked_at is null',
    [orgId, hostId, clock.now()],
  );
  if (revoked.rowCount) await audit(parts, orgId, about('host.revoke_credential'));
  await client.query(
    'insert into host_credential(org_id, id, host_id, token_hash, created_at) values ($1, $2, $3, $4, $5)',
    [orgId, newUuid(clock, random), hostId, sha256(text), clock.now()],
  );
  await audit(parts, orgId, about('host.mint_credential'));
  return text;
}

async function localHost(parts: BootstrapParts, { orgId, siteId }: Bootstrapped): Promise<string> {
  const { client, clock, random } = parts;
  const found = await client.query('select id from host where org_id = $1 and name = $2', [orgId, LOCAL_HOST]);
  if (found.rows[0]) return found.rows[0].id;
  const id = newUuid(clock, random);
  await client.query('insert into host(org_id, id, site_id, name, created_at) values ($1, $2, $3, $4, $5)', [
    orgId,
    id,
    siteId,
    LOCAL_HOST,
    clock.now(),
  ]);
  await audit(parts, orgId, { action: 'host.create', objectKind: 'host', objectId: id, objectLabel: LOCAL_HOST });
  return id;
}
