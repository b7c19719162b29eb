import { backup } from './backup/backup.ts';
import { initRepository } from './backup/init-repository.ts';
import { unlockRepository } from './backup/unlock-repository.ts';
import type { JobKind } from './core/define-kind.ts';
import { noop } from './core/noop.ts';

/** The catalog of kinds: a kind that is not in this list does not exist. */
// Parameters stand in a contravariant place, so the kinds have no common type but this one; they are validated before use.
// biome-ignore lint/suspicious/noExplicitAny: see above
export const KINDS: readonly JobKind<any>[] = [backup, initRepository, unlockRepository, noop];

const BY_KEY = new Map(KINDS.map((kind) => [kind.key, kind]));

export function kindByKey(key: string): JobKind | null {
  return BY_KEY.get(key) ?? null;
}
