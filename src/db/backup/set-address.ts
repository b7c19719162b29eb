import { sql } from 'kysely';
import { type ReadAddress, readRepositoryAddress } from '../../domain/backup/repository-address.ts';
import { Failure } from '../../lib/failure.ts';
import { tellChange } from '../audit/tell-change.ts';
import { lockOrganization } from '../core/lock-organization.ts';
import type { Tx } from '../core/transaction.ts';

export function checkAddress(text: string): Exclude<ReadAddress, { refused: string }> {
  const address = readRepositoryAddress(text);
  if ('refused' in address)
    throw new Failure('invalid-input', `The address ${address.refused}.`, { fault: 'caller', pointer: '/url' });
  return address;
}

/** Two rows for one repository would each count its snapshots, locks and caps as if it were alone. `self`: the row that may have it. */
export async function refuseSameAddress(tx: Tx, url: string, self: string | null): Promise<void> {
  const found = await tx.rows(sql<{ name: string }>`
    select name from repository where org_id = ${tx.orgId} and rtrim(url, '/') = rtrim(${url}, '/') and id is distinct from ${self}::uuid limit 1`);
  const [other] = found;
  if (other)
    throw new Failure(
      'address-taken',
      `The repository "${other.name}" has this address already: use that one. Where it is a folder of another host, take another folder there.`,
      { fault: 'caller', pointer: '/url' },
    );
}

/**
 * Says where a repository lies from now on. Its password stays: it opens the backups wherever they lie, and no storage is
 * told it. Its id stays too, so that the next run sees whether it is the same one there.
 */
export async function setAddress(
  tx: Tx,
  id: string,
  change: { readonly url: string; readonly ifVersion: number | null },
): Promise<void> {
  const { backend, url } = checkAddress(change.url);
  await lockOrganization(tx);
  const row = await tx.first(sql<{ name: string; version: number; url: string; busy: boolean }>`
    select name, version, url, exists (select 1 from job j where j.org_id = ${tx.orgId} and j.repository_id = r.id
        and j.state = any (array['waiting', 'queued', 'running', 'paused', 'cancelling'])) as busy
      from repository r where org_id = ${tx.orgId} and id = ${id} for update`);
  if (!row) throw new Failure('not-found', 'There is no such repository.', { fault: 'caller' });
  if (change.ifVersion !== null && change.ifVersion !== row.version)
    throw new Failure('version-conflict', `The repository is at version ${row.version} by now.`, { fault: 'caller' });
  if (row.busy)
    throw new Failure('conflict', `Jobs that use ${row.name} run or wait; change its address when they have ended.`, {
      fault: 'caller',
    });
  await refuseSameAddress(tx, url, id);
  await tx.run(sql`update repository set url = ${url}, backend = ${backend}, state = 'unknown', state_at = ${tx.now}::timestamptz, version = version + 1
    where org_id = ${tx.orgId} and id = ${id}`);
  const object = { kind: 'repository', id, label: row.name, version: row.version + 1 };
  const data = { url, before: row.url };
  await tellChange(tx, { action: 'repository.set-address', topic: 'repository.changed', object, data });
}
