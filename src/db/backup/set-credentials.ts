import { sql } from 'kysely';
import { refusePassword } from '../../domain/backup/repository-password.ts';
import { Failure } from '../../lib/failure.ts';
import type { RandomBytes } from '../../lib/ids.ts';
import { type Keyring, seal } from '../../lib/seal.ts';
import { tellChange } from '../audit/tell-change.ts';
import type { Tx } from '../core/transaction.ts';

/** A password nobody has to type: 24 random bytes that fit into a URL. */
export const mintPassword = (random: RandomBytes): string => Buffer.from(random(24)).toString('base64url');

export function checkPassword(password: string): void {
  const refused = refusePassword(password);
  if (refused !== null)
    throw new Failure('invalid-input', `The password ${refused}.`, { fault: 'caller', pointer: '/password' });
}

/** Seals a password as the next version of the repository's secret; running attempts keep the one they claimed. */
export async function storePassword(tx: Tx, repositoryId: string, password: string, keyring: Keyring): Promise<void> {
  const sealed = seal(
    keyring,
    { table: 'repository', row: repositoryId, column: 'password', organisation: tx.orgId },
    password,
  );
  await tx.run(sql`
    insert into secret(org_id, id, table_name, row_id, column_name, secret_version, sealed, created_at)
      select ${tx.orgId}, ${tx.newId()}, 'repository', ${repositoryId}, 'password', coalesce(max(secret_version), 0) + 1, ${sealed},
        ${tx.now}::timestamptz
        from secret where org_id = ${tx.orgId} and table_name = 'repository' and row_id = ${repositoryId} and column_name = 'password'`);
}

/** Gives a repository another password. What restic knows it by is not changed by this: only what we open it with. */
export async function setCredentials(
  tx: Tx,
  repositoryId: string,
  change: { readonly password: string; readonly ifVersion: number | null },
  keyring: Keyring,
): Promise<void> {
  checkPassword(change.password);
  // The row lock also numbers two changes at once one after the other.
  const row = await tx.first(sql<{ name: string; version: number }>`
    select name, version from repository where org_id = ${tx.orgId} and id = ${repositoryId} for update`);
  if (!row) throw new Failure('not-found', 'There is no such repository.', { fault: 'caller' });
  if (change.ifVersion !== null && change.ifVersion !== row.version)
    throw new Failure('version-conflict', `The repository is at version ${row.version} by now.`, { fault: 'caller' });
  await storePassword(tx, repositoryId, change.password, keyring);
  await tx.run(sql`update repository set version = version + 1, state = case when state = 'wrong-password' then 'unknown' else state end,
      state_at = case when state = 'wrong-password' then ${tx.now}::timestamptz else state_at end
    where org_id = ${tx.orgId} and id = ${repositoryId}`);
  const object = { kind: 'repository', id: repositoryId, label: row.name, version: row.version + 1 };
  await tellChange(tx, { action: 'repository.set-credentials', topic: 'repository.changed', object, data: {} });
}
