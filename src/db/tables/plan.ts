import { defineEntity, p } from '@mikro-orm/core';
import { tenantPolicies } from '../core/policies.ts';
import { Host } from './host.ts';
import { reference } from './references.ts';
import { Repository } from './repository.ts';

/** Which folders of one host go into one repository. A removed one stays for its jobs; its name is free again. */
export const PlanSchema = defineEntity({
  name: 'Plan',
  tableName: 'plan',
  policies: tenantPolicies('plan'),
  uniques: [
    {
      name: 'plan_name_unique',
      expression:
        'create unique index "plan_name_unique" on "plan" ("org_id", "host_id", "name") where deleted_at is null',
    },
  ],
  properties: {
    orgId: p.uuid().primary(),
    id: p.uuid().primary(),
    host: () => reference(Host, 'host_id'),
    repository: () => reference(Repository, 'repository_id'),
    name: p.text(),
    paths: p.json().$type<string[]>(),
    excludes: p.json().$type<string[]>().default('[]'),
    version: p.integer().version(),
    createdAt: p.datetime(),
    deletedAt: p.datetime().nullable(),
  },
});
export class Plan extends PlanSchema.class {}
PlanSchema.setClass(Plan);
