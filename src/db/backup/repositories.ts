import { shellWord } from '../../domain/core/shell-word.ts';
import type { RandomBytes } from '../../lib/ids.ts';
import type { Keyring } from '../../lib/seal.ts';
import { tellChange } from '../audit/tell-change.ts';
import { createOnce, type EntityRead, refuseTakenName } from '../core/entities.ts';
import type { IdempotencyKeyUse } from '../core/idempotency.ts';
import type { Tx } from '../core/transaction.ts';
import { Repository } from '../tables/repository.ts';
import { checkAddress, refuseSameAddress } from './set-address.ts';
import { checkPassword, mintPassword, storePassword } from './set-credentials.ts';

export const REPOSITORIES: EntityRead<Repository> = { entity: Repository, site: null };

export interface NewRepository {
  readonly name: string;
  readonly url: string;
  /** Left out: make one, and show it this once. */
  readonly password?: string;
  readonly maxJobs?: number | null;
}

export interface CreatedRepository {
  readonly repository: Repository;
  /** The password that was made here; null when the caller gave one, and when the request is a repetition. */
  readonly mintedPassword: string | null;
  /** Why a password that was made is not shown, and what to do without it; null when there is nothing to say. */
  readonly passwordNote: string | null;
}

const shownBefore = (name: string): string =>
  `This request was carried out before, and only its first answer held the password that was made. Without it the backups open by nothing but Holdfast: set another one before the repository is made: holdfast repositories password ${shellWord(name)} --new`;

export async function createRepository(
  tx: Tx,
  { name, url, password, maxJobs = null }: NewRepository,
  use: IdempotencyKeyUse | null,
  { keyring, random }: { readonly keyring: Keyring; readonly random: RandomBytes },
): Promise<CreatedRepository> {
  if (password !== undefined) checkPassword(password);
  const address = checkAddress(url);
  let minted: string | null = null;
  let isNew = false;
  const repository = await createOnce(tx, REPOSITORIES, { noun: 'repository', use }, async () => {
    await refuseSameAddress(tx, address.url, null);
    await refuseTakenName(tx, REPOSITORIES, { name, says: `There is a repository "${name}" already.` });
    const id = tx.newId();
    const made = tx.em.create(Repository, { org: tx.orgId, id, name, ...address, maxJobs, createdAt: tx.now });
    await tx.em.flush();
    if (password === undefined) minted = mintPassword(random);
    await storePassword(tx, id, password ?? minted!, keyring);
    made.hasPassword = true;
    isNew = true;
    const object = { kind: 'repository', id, label: name, version: made.version };
    const data = { ...address, maxJobs };
    await tellChange(tx, { action: 'repository.create', topic: 'repository.changed', object, data });
    return made;
  });
  const passwordNote = isNew || password !== undefined ? null : shownBefore(name);
  return { repository, mintedPassword: minted, passwordNote };
}
