import { kindRegistry } from '../kinds/core/kind-registry.ts';
import { KINDS } from '../kinds/index.ts';
import { backupEnd } from './backup/backup-end.ts';
import type { JobRegistry } from './core/job-registry.ts';
import type { Tx } from './core/transaction.ts';

/** The product's: a line for each area that has to do with jobs. */
export const JOB_REGISTRY: JobRegistry<Tx> = { kinds: kindRegistry(KINDS), ends: [backupEnd] };
