import { defineEntity, p } from '@mikro-orm/core';
import { instancePolicies } from '../core/policies.ts';

/** A person, known to the whole instance. Rights inside an organisation come from assignments only. */
export const UserSchema = defineEntity({
  name: 'User',
  tableName: 'app_user',
  policies: instancePolicies('app_user', ['auth']),
  indexes: [
    {
      name: 'app_user_email_unique',
      expression: 'create unique index "app_user_email_unique" on "app_user" (lower("email"))',
    },
  ],
  properties: {
    id: p.uuid().primary(),
    email: p.text(),
    name: p.text(),
    status: p.text().check("status = any (array['invited', 'active', 'disabled'])"),
    /** Raised by disable, reset and every change of rights: what was issued at a lower version is dead. */
    securityVersion: p.integer().default(1),
    version: p.integer().version(),
    createdAt: p.datetime(),
  },
});
export class User extends UserSchema.class {}
UserSchema.setClass(User);

/** A one-time link with which a person sets the first password. Only the SHA-256 is kept. */
export const SetupTokenSchema = defineEntity({
  name: 'SetupToken',
  tableName: 'setup_token',
  policies: instancePolicies('setup_token', ['auth']),
  properties: {
    id: p.uuid().primary(),
    user: () => p.manyToOne(User).joinColumn('user_id').deleteRule('no action').updateRule('no action'),
    tokenHash: p.type(Buffer).columnType('bytea').unique(),
    expiresAt: p.datetime(),
    usedAt: p.datetime().nullable(),
    createdAt: p.datetime(),
  },
});
export class SetupToken extends SetupTokenSchema.class {}
SetupTokenSchema.setClass(SetupToken);
