import { PLAN } from './backup/plan-schema.ts';
import { planRoutes } from './backup/plans-routes.ts';
import { repositoryRoutes } from './backup/repositories-routes.ts';
import { REPOSITORY } from './backup/repository-schema.ts';
import type { AnyNoun } from './core/noun.ts';
import type { Routes } from './core/parts.ts';
import { HOST } from './hosts/host-schema.ts';
import { SITE } from './hosts/site-schema.ts';
import { siteRoutes } from './hosts/sites-routes.ts';
import { SCHEDULE, scheduleRoutes } from './schedules/schedules.ts';

/** Every noun, and what makes, changes and removes it; null: nothing here does. `test/contract/nouns.test.ts` goes over them. */
export const NOUNS: readonly { readonly noun: AnyNoun; readonly changes: Routes | null }[] = [
  { noun: SITE, changes: siteRoutes },
  { noun: HOST, changes: null },
  { noun: REPOSITORY, changes: repositoryRoutes },
  { noun: PLAN, changes: planRoutes },
  { noun: SCHEDULE, changes: scheduleRoutes },
];
