import type { EndHandler } from '../core/job-registry.ts';
import type { Tx } from '../core/transaction.ts';
import { judgeCover } from './judge-cover.ts';
import { learnRepository } from './learn-repository.ts';

/** A job's end tells of its repository, and a backup that saved nothing is judged beside the plan's last restore point. */
export const backupEnd: EndHandler<Tx> = {
  judge: judgeCover,
  learn: async (tx, { subjects }, outcome) => {
    if (subjects.repository) await learnRepository(tx, subjects.repository, outcome);
  },
};
