import { kindRegistry } from '../kinds/core/kind-registry.ts';
import { KINDS, SUBJECTS } from '../kinds/index.ts';
import { backupEnd } from './backup/backup-end.ts';
import { planSubject, repositorySubject } from './backup/subjects.ts';
import type { JobRegistry } from './core/job-registry.ts';
import type { Tx } from './core/transaction.ts';
import { hostSubject } from './hosts/host-subject.ts';

/** The product's: a line for each area that has to do with jobs. */
export const JOB_REGISTRY: JobRegistry<Tx> = {
  kinds: kindRegistry(KINDS, SUBJECTS),
  tables: { ...planSubject, ...repositorySubject, ...hostSubject },
  ends: [backupEnd],
};
