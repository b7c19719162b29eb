/** What Temporal says about a run that a row believes to be under way. */
export type RunInspection =
  | { readonly kind: 'there' }
  /** Nobody carries the job out any more. */
  | { readonly kind: 'lost'; readonly how: LostHow; readonly by: ByHand | null };

/**
 * `missing`: Temporal does not know it: its database is another one, or it was deleted there. `replaced`: another run has
 * its name, because it was reset. `stopped`: terminated. `over`: it ended in any other way and left the row behind.
 */
export type LostHow = 'missing' | 'replaced' | 'stopped' | 'over';

/** Who did something in Temporal itself, as it wrote that down. */
export interface ByHand {
  /** The caller's own name, for example `temporal-cli:ada@laptop`; anybody may call himself anything there. */
  readonly identity: string;
  readonly reason: string | null;
}

/** What stands in the row and the audit as the reason of the actor `temporal`. */
export function reasonOf(what: 'cancelled' | 'terminated', by: ByHand | null): string {
  const who = by?.identity ? ` by ${by.identity}` : '';
  const why = by?.reason ? `: ${by.reason}` : '';
  return `${what} in Temporal${who}${why}`.slice(0, 500);
}
