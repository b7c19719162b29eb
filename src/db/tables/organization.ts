import { defineEntity, p } from '@mikro-orm/core';
import { groupRole } from '../core/policies.ts';

const OWN = `id = nullif(current_setting('app.org', true), '')::uuid`;
const read = (group: 'api' | 'gateway' | 'worker' | 'auth', using: string) => ({
  name: `organization_${group}`,
  command: 'select' as const,
  roles: [groupRole(group)],
  using,
});

/** A tenant. `number` is its key in advisory locks, which take integers. */
export const OrganizationSchema = defineEntity({
  name: 'Organization',
  tableName: 'organization',
  policies: [
    read('api', OWN),
    read('gateway', OWN),
    read('worker', `current_setting('app.across', true) = 'on' or ${OWN}`),
    read('auth', 'true'),
  ],
  properties: {
    id: p.uuid().primary(),
    number: p.integer().columnType('int generated always as identity').unique(),
    name: p.text(),
    plane: p.text().default('organization').check("plane = any (array['organization', 'platform'])"),
    version: p.integer().version(),
    createdAt: p.datetime(),
    deletedAt: p.datetime().nullable(),
  },
});
export class Organization extends OrganizationSchema.class {}
OrganizationSchema.setClass(Organization);
