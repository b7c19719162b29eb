import { defineEntity, p } from '@mikro-orm/core';
import { identityPolicies } from '../core/policies.ts';
import { Organization } from './organization.ts';
import { inOrganization, reference } from './references.ts';
import { Site } from './site.ts';
import { User } from './user.ts';

/** A role that a person has in an organisation, everywhere or at one site. Roles are built-in ones (catalog/permissions). */
export const RoleAssignmentSchema = defineEntity({
  name: 'RoleAssignment',
  tableName: 'role_assignment',
  policies: identityPolicies('role_assignment'),
  indexes: [
    {
      name: 'role_assignment_live_unique',
      expression:
        'create unique index "role_assignment_live_unique" on "role_assignment" ("org_id", "user_id", "role_key", "site_id") nulls not distinct where "deleted_at" is null',
    },
    { name: 'role_assignment_user', properties: ['user'] },
  ],
  properties: {
    org: () => inOrganization(Organization),
    id: p.uuid().primary(),
    user: () => p.manyToOne(User).joinColumn('user_id').deleteRule('no action').updateRule('no action'),
    roleKey: p.text(),
    site: () => reference(Site, 'site_id').nullable(),
    expiresAt: p.datetime().nullable(),
    deletedAt: p.datetime().nullable(),
    version: p.integer().version(),
    createdAt: p.datetime(),
  },
});
export class RoleAssignment extends RoleAssignmentSchema.class {}
RoleAssignmentSchema.setClass(RoleAssignment);

/** A key for programs. Its rights are its scopes and what its owner may at that moment. Only the SHA-256 is kept. */
export const ApiKeySchema = defineEntity({
  name: 'ApiKey',
  tableName: 'api_key',
  policies: identityPolicies('api_key'),
  properties: {
    org: () => inOrganization(Organization),
    id: p.uuid().primary(),
    user: () => p.manyToOne(User).joinColumn('user_id').deleteRule('no action').updateRule('no action'),
    name: p.text(),
    keyHash: p.type(Buffer).columnType('bytea').unique(),
    /** Permission keys; null means all that the owner has. */
    scopes: p.type('string[]').columnType('text[]').nullable(),
    expiresAt: p.datetime(),
    revokedAt: p.datetime().nullable(),
    lastUsedAt: p.datetime().nullable(),
    version: p.integer().version(),
    createdAt: p.datetime(),
  },
});
export class ApiKey extends ApiKeySchema.class {}
ApiKeySchema.setClass(ApiKey);
