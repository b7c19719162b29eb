import type { Kysely } from 'kysely';
import { findKeysAgain } from '../../db/access/principal.ts';
import { canOf, type Principal, refuseEntry } from '../../domain/core/authorize.ts';
import type { Clock } from '../../lib/clock.ts';

/** Somebody who reads for as long as it takes. */
interface Reader {
  readonly principal: Principal;
  readonly siteId: string | null;
}

export type CloseReason = 'unauthenticated' | 'forbidden';

function refusal(principal: Principal | undefined, siteId: string | null): CloseReason | null {
  if (principal === undefined || refuseEntry(principal) !== null) return 'unauthenticated';
  const can = canOf(principal);
  return can('job:read', siteId) && can('job:read_logs', siteId) ? null : 'forbidden';
}

/** The readers that would not be let in any more, by one statement for all of them. */
export async function recheckPermissions<One extends Reader>(
  { authDb, clock }: { readonly authDb: Kysely<unknown>; readonly clock: Clock },
  readers: readonly One[],
): Promise<[One, CloseReason][]> {
  const keys = new Map(
    readers.flatMap(({ principal: { orgId, keyId } }) => (keyId === null ? [] : [[keyId, { orgId, keyId }]])),
  );
  if (keys.size === 0) return [];
  const known = await findKeysAgain(authDb, [...keys.values()], clock.now());
  return readers.flatMap((reader) => {
    const { keyId } = reader.principal;
    const reason = refusal(keyId === null ? undefined : known.get(keyId), reader.siteId);
    return reason === null ? [] : [[reader, reason] as [One, CloseReason]];
  });
}
