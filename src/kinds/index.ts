import { backup } from './backup/backup.ts';
import { initRepository } from './backup/init-repository.ts';
import { unlockRepository } from './backup/unlock-repository.ts';
import type { AnyKind } from './core/kind-registry.ts';
import { noop } from './core/noop.ts';

/** The product's kinds: one that is not in this list does not exist. */
export const KINDS: readonly AnyKind[] = [backup, initRepository, unlockRepository, noop];
