import { backup } from './backup/backup.ts';
import { initRepository } from './backup/init-repository.ts';
import { PLAN } from './backup/plan.ts';
import { REPOSITORY } from './backup/repository.ts';
import { unlockRepository } from './backup/unlock-repository.ts';
import type { AnyKind, AnySubject } from './core/kind-registry.ts';
import { noop } from './core/noop.ts';
import { HOST } from './hosts/host.ts';

/** The product's kinds: one that is not in this list does not exist. */
export const KINDS: readonly AnyKind[] = [backup, initRepository, unlockRepository, noop];

/** What they can be about; what brings others along stands before them. */
export const SUBJECTS: readonly AnySubject[] = [PLAN, REPOSITORY, HOST];
