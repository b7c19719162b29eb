import { createHash } from 'node:crypto';
import { newCredential } from '../../src/gateway/credential.ts';
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

/** A host and the credential of its agent, as the database's owner: the product has no way to enrol many hosts at once. */
export async function enrolHost(
  database: Rows,
  { orgId, siteId, name }: NewHost,
): Promise<{ uuid: string; credential: string }> {
  const id = () => newUuid(systemClock, systemRandom);
  const uuid = id();
  const credential = newCredential(orgId, uuid, systemRandom);
  await database.rows('insert into host(org_id, id, site_id, name, created_at) values ($1, $2, $3, $4, now())', [
    orgId,
    uuid,
    siteId,
    name,
  ]);
  await database.rows(
    'insert into host_credential(org_id, id, host_id, token_hash, created_at) values ($1, $2, $3, $4, now())',
    [orgId, id(), uuid, createHash('sha256').update(credential).digest()],
  );
  return { uuid, credential };
}
