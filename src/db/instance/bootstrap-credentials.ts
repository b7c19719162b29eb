import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { LOCAL_HOST } from '../../domain/core/local-host.ts';
import type { RandomBytes } from '../../lib/ids.ts';
import type { AnyTx } from '../core/transaction.ts';
import { audit, type Bootstrapped, OWNER_EMAIL } from './bootstrap.ts';

const TOKEN_BYTES = 32;
const SETUP_TOKEN_MS = 3_600_000;
const API_KEY_MS = 365 * 86_400_000;
const RENEW_KEY_MS = 30 * 86_400_000;
const CLI_KEY = 'cli';

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();
const mint = (prefix: string, random: RandomBytes): string =>
  `${prefix}_${Buffer.from(random(TOKEN_BYTES)).toString('base64url')}`;

/** The one-time link's token for an owner who never set a password; older ones that were not used die. */
export async function mintSetupToken(
  tx: AnyTx,
  { orgId, ownerId }: Bootstrapped,
  random: RandomBytes,
): Promise<string> {
  const { now } = tx;
  const text = mint('hfs', random);
  await tx.run(
    sql`update setup_token set expires_at = ${now} where user_id = ${ownerId} and used_at is null and expires_at > ${now}`,
  );
  await tx.run(sql`insert into setup_token(id, user_id, token_hash, expires_at, created_at)
    values (${tx.newId()}, ${ownerId}, ${sha256(text)}, ${new Date(now.getTime() + SETUP_TOKEN_MS)}, ${now})`);
  await audit(tx, orgId, 'setup_token.mint', { kind: 'user', id: ownerId, label: OWNER_EMAIL });
  return text;
}

/**
 * The owner's key for the command line: the one it has as long as that is good for another month, so that whoever follows
 * a job over a restart goes on; else a new one, and the ones before it die in the same transaction.
 */
export async function ensureApiKey(
  tx: AnyTx,
  made: Bootstrapped,
  random: RandomBytes,
  kept: string | null,
): Promise<string> {
  if (kept === null) return await mintApiKey(tx, made, random);
  const good =
    await tx.first(sql`select 1 from api_key where org_id = ${made.orgId} and user_id = ${made.ownerId} and name = ${CLI_KEY}
     and key_hash = ${sha256(kept)} and revoked_at is null and scopes is null and expires_at > ${new Date(tx.now.getTime() + RENEW_KEY_MS)}`);
  return good === null ? await mintApiKey(tx, made, random) : kept;
}

async function mintApiKey(tx: AnyTx, { orgId, ownerId }: Bootstrapped, random: RandomBytes): Promise<string> {
  const { now } = tx;
  const text = mint('hfk', random);
  const id = tx.newId();
  const old = await tx.rows(sql<{ id: string }>`
    update api_key set revoked_at = ${now}, version = version + 1 where user_id = ${ownerId} and name = ${CLI_KEY} and revoked_at is null returning id`);
  await tx.run(sql`insert into api_key(org_id, id, user_id, name, key_hash, expires_at, created_at)
    values (${orgId}, ${id}, ${ownerId}, ${CLI_KEY}, ${sha256(text)}, ${new Date(now.getTime() + API_KEY_MS)}, ${now})`);
  const key = (keyId: string) => ({ kind: 'api_key', id: keyId, label: CLI_KEY });
  for (const one of old) await audit(tx, orgId, 'api_key.revoke', key(one.id));
  await audit(tx, orgId, 'api_key.mint', key(id));
  return text;
}

/**
 * The credential of this machine's agent: the one it has when that is still good, else a new one from `make`, which is
 * told the host's uuid; then the ones before it are revoked.
 */
export async function enrolLocalHost(
  tx: AnyTx,
  made: Bootstrapped,
  kept: string | null,
  make: (orgId: string, hostId: string) => string,
): Promise<string> {
  const { orgId } = made;
  const hostId = await localHost(tx, made);
  const live = await tx.rows(sql<{ hash: Buffer }>`
    select token_hash as hash from host_credential where org_id = ${orgId} and host_id = ${hostId} and revoked_at is null`);
  if (kept !== null && live.some(({ hash }) => sha256(kept).equals(hash))) return kept;
  const text = make(orgId, hostId);
  const host = { kind: 'host', id: hostId, label: LOCAL_HOST };
  const revoked = await tx.run(sql`update host_credential set revoked_at = ${tx.now}, version = version + 1
    where org_id = ${orgId} and host_id = ${hostId} and revoked_at is null`);
  if (revoked > 0) await audit(tx, orgId, 'host.revoke_credential', host);
  await tx.run(sql`insert into host_credential(org_id, id, host_id, token_hash, created_at)
    values (${orgId}, ${tx.newId()}, ${hostId}, ${sha256(text)}, ${tx.now})`);
  await audit(tx, orgId, 'host.mint_credential', host);
  return text;
}

async function localHost(tx: AnyTx, { orgId, siteId }: Bootstrapped): Promise<string> {
  const found = await tx.first(
    sql<{ id: string }>`select id from host where org_id = ${orgId} and name = ${LOCAL_HOST}`,
  );
  if (found) return found.id;
  const id = tx.newId();
  await tx.run(
    sql`insert into host(org_id, id, site_id, name, created_at) values (${orgId}, ${id}, ${siteId}, ${LOCAL_HOST}, ${tx.now})`,
  );
  await audit(tx, orgId, 'host.create', { kind: 'host', id, label: LOCAL_HOST });
  return id;
}
