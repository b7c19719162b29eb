import { changePlan, createPlan, removePlan } from '../../db/backup/plans.ts';
import { changesOf } from '../core/noun-changes.ts';
import type { Routes } from '../core/parts.ts';
import { ChangedPlan, NewPlan, PLAN } from './plan-schema.ts';

/** 300 texts of 4,096 characters, each escaped as six: what the schema allows is answered with the limit it breaks, not with 413. */
const bodyLimit = 8 * 1024 * 1024;

export const planRoutes: Routes = async (app, parts) => {
  const { ownFolders = [] } = parts.settings;
  const routes = changesOf(PLAN, {
    permission: 'plan:manage',
    bodyLimit,
    create: {
      summary: 'Say which folders of a host go into which repository',
      body: NewPlan,
      run: (tx, body, making) => createPlan(tx, body, making, ownFolders),
    },
    change: {
      summary: 'Change the name, the paths or the excludes of a plan',
      description: 'A backup that runs goes on with what it began with; one that waits takes the plan as it is then.',
      body: ChangedPlan,
      run: (tx, id, body, opening) => changePlan(tx, id, body, opening, ownFolders),
    },
    remove: {
      summary: 'Remove a plan',
      description:
        'Refused while a job of it has not ended. Its jobs, their logs and the audit stay, and so do its snapshots in the repository.',
      run: removePlan,
    },
  });
  await app.register(routes, parts);
};
