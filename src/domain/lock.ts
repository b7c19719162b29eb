/** How a job uses a key: `x` alone, `s` beside others up to the key's slots. */
export type LockMode = 'x' | 's';

export interface KeyWish {
  readonly key: string;
  readonly mode: LockMode;
  /** How many may share the key; used when the key is seen for the first time. */
  readonly slots: number;
  readonly isHost: boolean;
}

/** Up to this many jobs share one repository unless its limit says otherwise; an exclusive holder takes all of them. */
export const REPOSITORY_SLOTS = 10;

export const hostKey = (hostId: string): KeyWish => ({ key: `host/${hostId}`, mode: 'x', slots: 1, isHost: true });

export const repositoryKey = (repositoryId: string, mode: LockMode): KeyWish => ({
  key: `repository/${repositoryId}`,
  mode,
  slots: REPOSITORY_SLOTS,
  isHost: false,
});

/** Stands in requests for the host of a job that has none: never null, because `null <> all(busy)` would hide the request for ever. */
export const NO_HOST = '00000000-0000-0000-0000-000000000000';
