import type { JobKind } from './define-kind.ts';

// Parameters stand in a contravariant place, so the kinds have no common type but this one; they are validated before use.
// biome-ignore lint/suspicious/noExplicitAny: see above
export type AnyKind = JobKind<any>;

/** The kinds that a process knows. Handed in where a database is opened, so that a test has a list of its own. */
export interface KindRegistry {
  readonly all: readonly AnyKind[];
  byKey(key: string): JobKind | null;
}

export function kindRegistry(all: readonly AnyKind[]): KindRegistry {
  const byKey = new Map(all.map((kind) => [kind.key, kind]));
  return { all, byKey: (key) => byKey.get(key) ?? null };
}
