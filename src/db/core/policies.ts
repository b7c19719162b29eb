import type { PolicyDef } from '@mikro-orm/core';

/**
 * Who sees which rows. Names of group roles are plain here and get the instance's prefix when migrations run
 * (roles are cluster-wide, so two instances on one cluster need names of their own).
 */
export const GROUPS = ['api', 'auth', 'worker', 'gateway'] as const;
export type Group = (typeof GROUPS)[number];
export const groupRole = (group: Group): string => `holdfast_g_${group}`;

// nullif: once a setting was used in a session it reads as '' afterwards, and ''::uuid would be an error instead of no rows.
const MINE = `org_id = nullif(current_setting('app.org', true), '')::uuid`;
const ACROSS = `current_setting('app.across', true) = 'on' or ${MINE}`;

const policy = (group: Group, condition: string, table: string): PolicyDef => ({
  name: `${table}_${group}`,
  roles: [groupRole(group)],
  using: condition,
  check: condition,
});

/** Rows of the organisation in `app.org`; the worker also sees all of them inside `acrossOrganizations`. Outside both: nothing. */
export function tenantPolicies(table: string, groups: readonly Group[] = ['api', 'worker', 'gateway']): PolicyDef[] {
  return groups.map((group) => policy(group, group === 'worker' ? ACROSS : MINE, table));
}

/** As `tenantPolicies`, and the auth login, which has to find a credential before it knows the organisation, sees all rows. */
export function identityPolicies(table: string): PolicyDef[] {
  return [...tenantPolicies(table, ['api', 'worker']), policy('auth', 'true', table)];
}

/** For tables of the instance: rows without an organisation, seen by the named logins. */
export function instancePolicies(table: string, groups: readonly Group[]): PolicyDef[] {
  return groups.map((group) => policy(group, 'true', table));
}
