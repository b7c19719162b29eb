import { sql } from 'kysely';
import { shellWord } from '../../domain/core/shell-word.ts';
import { Failure } from '../../lib/failure.ts';
import { newUuid } from '../../lib/ids.ts';
import { tellChange } from '../audit/tell-change.ts';
import { lockOrganization } from '../core/lock-organization.ts';
import type { Tx } from '../core/transaction.ts';
import type { IdempotencyKeyUse } from '../jobs/insert-jobs.ts';
import { recallRequest, rememberRequest } from '../jobs/remember-request.ts';
import { checkAddress, refuseSameAddress } from './set-address.ts';
import { type CredentialParts, checkPassword, mintPassword, storePassword } from './set-credentials.ts';

export interface NewRepository {
  readonly name: string;
  readonly url: string;
  /** Null: make one, and show it this once. */
  readonly password: string | null;
  readonly maxJobs: number | null;
  readonly idempotency: IdempotencyKeyUse | null;
}

export interface CreatedRepository {
  readonly id: string;
  /** The password that was made here; null when the caller gave one, and when the request is a repetition. */
  readonly mintedPassword: string | null;
  /** Why a password that was made is not shown, and what to do without it; null when there is nothing to say. */
  readonly passwordNote: string | null;
}

const shownBefore = (name: string): string =>
  `This request was carried out before, and only its first answer held the password that was made. Without it the backups open by nothing but Holdfast: set another one before the repository is made: holdfast repositories password ${shellWord(name)} --new`;

export async function createRepository(
  tx: Tx,
  wanted: NewRepository,
  parts: CredentialParts,
): Promise<CreatedRepository> {
  if (wanted.password !== null) checkPassword(wanted.password);
  const address = checkAddress(wanted.url);
  await lockOrganization(tx);
  const before = await recallRequest(tx, wanted.idempotency);
  const note = wanted.password === null ? shownBefore(wanted.name) : null;
  if (before) return { id: before, mintedPassword: null, passwordNote: note };
  await refuseSameAddress(tx, address.url, null);
  const id = newUuid(parts.clock, parts.random);
  const now = parts.clock.now();
  const made = await tx.rows(sql`
    insert into repository(org_id, id, name, backend, url, max_jobs, created_at)
      values (${tx.orgId}, ${id}, ${wanted.name}, ${address.backend}, ${address.url}, ${wanted.maxJobs}, ${now}::timestamptz)
    on conflict (org_id, name) do nothing returning id`);
  if (made.length === 0)
    throw new Failure('name-taken', `There is a repository "${wanted.name}" already.`, {
      fault: 'caller',
      pointer: '/name',
    });
  const minted = wanted.password === null ? mintPassword(parts.random) : null;
  await storePassword(tx, id, wanted.password ?? minted!, parts);
  await rememberRequest(tx, wanted.idempotency, id, now);
  const object = { kind: 'repository', id, label: wanted.name, version: 1 };
  const data = { backend: address.backend, url: address.url, maxJobs: wanted.maxJobs };
  await tellChange(tx, { action: 'repository.create', topic: 'repository.changed', object, data }, parts);
  return { id, mintedPassword: minted, passwordNote: null };
}
