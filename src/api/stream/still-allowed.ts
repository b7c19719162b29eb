import type { Kysely } from 'kysely';
import { findKeysAgain } from '../../db/queries/principal.ts';
import { mayOf, type Principal, refuseEntry } from '../../domain/decide.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Viewer } from './viewer.ts';

export type CloseReason = 'unauthenticated' | 'forbidden';

function refusal(principal: Principal | undefined, siteId: string | null): CloseReason | null {
  if (principal === undefined || refuseEntry(principal) !== null) return 'unauthenticated';
  const may = mayOf(principal);
  return may('job:read', siteId) && may('job:read_logs', siteId) ? null : 'forbidden';
}

/** The viewers that would not be let in any more, by one statement for all of them. */
export async function refusedNow(
  { authDb, clock }: { readonly authDb: Kysely<unknown>; readonly clock: Clock },
  viewers: readonly Viewer[],
): Promise<[Viewer, CloseReason][]> {
  const keys = new Map(
    viewers.flatMap(({ principal: { orgId, keyId } }) => (keyId === null ? [] : [[keyId, { orgId, keyId }]])),
  );
  if (keys.size === 0) return [];
  const known = await findKeysAgain(authDb, [...keys.values()], clock.now());
  return viewers.flatMap((viewer) => {
    const { keyId } = viewer.principal;
    const reason = refusal(keyId === null ? undefined : known.get(keyId), viewer.siteId);
    return reason === null ? [] : [[viewer, reason] as [Viewer, CloseReason]];
  });
}
