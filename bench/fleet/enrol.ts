import { createHash } from 'node:crypto';
import { newCredential } from '../../src/gateway/identity/credential.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { newUuid, systemRandom } from '../../src/lib/ids.ts';

export interface Rows {
  rows<Row>(text: string, values?: readonly unknown[]): Promise<Row[]>;
}

export interface NewHost {
  readonly orgId: string;
  readonly siteId: string;
  readonly name: string;
}

const newId = () => newUuid(systemClock, systemRandom);

/**
 * A host and the credential of its agent, as the database's owner: the product has no way yet to enrol many hosts at
 * once. One that is there by that name gets a new credential beside its old ones.
 */
export async function enrolHost(
  database: Rows,
  { orgId, siteId, name }: NewHost,
): Promise<{ uuid: string; credential: string }> {
  const [host] = await database.rows<{ id: string }>(
    `insert into host(org_id, id, site_id, name, created_at) values ($1, $2, $3, $4, now())
     on conflict (org_id, name) do update set name = excluded.name returning id`,
    [orgId, newId(), siteId, name],
  );
  const uuid = host!.id;
  const credential = newCredential(orgId, uuid, systemRandom);
  await database.rows(
    'insert into host_credential(org_id, id, host_id, token_hash, created_at) values ($1, $2, $3, $4, now())',
    [orgId, newId(), uuid, createHash('sha256').update(credential).digest()],
  );
  return { uuid, credential };
}
