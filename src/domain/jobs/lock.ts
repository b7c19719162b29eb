import type { HostFact } from './facts.ts';

/** How a job uses a key: `x` alone, `s` beside others up to the key's slots. */
type LockMode = 'x' | 's';

export interface KeyWish {
  readonly key: string;
  readonly mode: LockMode;
  /** How many may share the key; used when the key is seen for the first time. */
  readonly slots: number;
  readonly isHost: boolean;
}

/** Up to this many jobs share one repository that has no cap of its own; an exclusive holder takes all of them. */
export const REPOSITORY_SLOTS = 10;
/** An exclusive holder writes a row for each slot. */
export const MOST_REPOSITORY_JOBS = 50;
export const MOST_SITE_JOBS = 1_000;

export const hostKey = (hostId: string): KeyWish => ({ key: `host/${hostId}`, mode: 'x', slots: 1, isHost: true });

export const repositorySlots = (maxJobs: number | null): number => maxJobs ?? REPOSITORY_SLOTS;

export const repositoryKey = (
  { id, maxJobs }: { readonly id: string; readonly maxJobs: number | null },
  mode: LockMode,
): KeyWish => ({
  key: `repository/${id}`,
  mode,
  slots: repositorySlots(maxJobs),
  isHost: false,
});

const siteKey = (siteId: string, maxJobs: number): KeyWish => ({
  key: `site/${siteId}`,
  mode: 's',
  slots: maxJobs,
  isHost: false,
});

/**
 * All keys of a job: those of its kind, and a share of its site's while that has a cap. A job counts at the site when it
 * takes its host's key; what needs no key there is quick and reads only. `lock_site` gives shares by the same rule.
 */
export function withSite(keys: readonly KeyWish[], host: HostFact | null | undefined): readonly KeyWish[] {
  if (!host || host.siteMaxJobs === null || !keys.some((key) => key.isHost)) return keys;
  return [...keys, siteKey(host.siteId, host.siteMaxJobs)];
}

/** Stands in requests for the host of a job that has none: never null, because `null <> all(busy)` would hide the request for ever. */
export const NO_HOST = '00000000-0000-0000-0000-000000000000';
