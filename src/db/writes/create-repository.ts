import { sql } from 'kysely';
import { readRepositoryAddress } from '../../domain/repository-address.ts';
import { Failure } from '../../lib/failure.ts';
import { newUuid } from '../../lib/ids.ts';
import type { Tx } from '../doors.ts';
import type { IdempotencyKeyUse } from '../statements/insert-jobs.ts';
import { lockOrganization } from '../statements/lock-organization.ts';
import { recallRequest, rememberRequest } from './remember-request.ts';
import { type CredentialParts, mintPassword, storePassword } from './set-credentials.ts';
import { tellChange } from './tell-change.ts';

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
  readonly repeated: boolean;
}

export async function createRepository(
  tx: Tx,
  orgId: string,
  wanted: NewRepository,
  parts: CredentialParts,
): Promise<CreatedRepository> {
  const address = readRepositoryAddress(wanted.url);
  if ('refused' in address)
    throw new Failure('invalid-input', `The address ${address.refused}.`, { fault: 'caller', pointer: '/url' });
  await lockOrganization(tx, orgId);
  const before = await recallRequest(tx, orgId, wanted.idempotency);
  if (before) return { id: before, mintedPassword: null, repeated: true };
  const id = newUuid(parts.clock, parts.random);
  const now = parts.clock.now();
  const made = await sql`
    insert into repository(org_id, id, name, backend, url, max_jobs, created_at)
      values (${orgId}, ${id}, ${wanted.name}, ${address.backend}, ${address.url}, ${wanted.maxJobs}, ${now}::timestamptz)
    on conflict (org_id, name) do nothing returning id`.execute(tx.sql);
  if (made.rows.length === 0)
    throw new Failure('name-taken', `There is a repository "${wanted.name}" already.`, {
      fault: 'caller',
      pointer: '/name',
    });
  const minted = wanted.password === null ? mintPassword(parts.random) : null;
  await storePassword(tx, orgId, id, wanted.password ?? minted!, parts);
  await rememberRequest(tx, orgId, wanted.idempotency, id, now);
  const object = { kind: 'repository', id, label: wanted.name, version: 1 };
  const data = { backend: address.backend, url: address.url, maxJobs: wanted.maxJobs };
  await tellChange(tx, orgId, { action: 'repository.create', topic: 'repository.changed', object, data }, parts);
  return { id, mintedPassword: minted, repeated: false };
}
