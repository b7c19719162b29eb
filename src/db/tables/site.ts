import { defineEntity, p } from '@mikro-orm/core';
import { tenantPolicies } from '../core/policies.ts';
import { Organization } from './organization.ts';
import { inOrganization } from './references.ts';

/** A place inside an organisation; hosts and plans belong to one, and rights can be given at one. */
export const SiteSchema = defineEntity({
  name: 'Site',
  tableName: 'site',
  policies: tenantPolicies('site'),
  uniques: [{ name: 'site_name_unique', properties: ['org', 'name'] }],
  properties: {
    org: () => inOrganization(Organization),
    id: p.uuid().primary(),
    name: p.text(),
    /** How many jobs of its hosts run at once; null: no cap. */
    maxJobs: p.integer().nullable().check('max_jobs >= 1 and max_jobs <= 1000'),
    version: p.integer().version(),
    createdAt: p.datetime(),
  },
});
export class Site extends SiteSchema.class {}
SiteSchema.setClass(Site);
