import { defineEntity, p } from '@mikro-orm/core';
import { tenantPolicies } from '../core/policies.ts';
import { Organization } from './organization.ts';
import { inOrganization } from './references.ts';

/** A restic repository. Its URL never holds a password; the password is a sealed secret of its own. */
export const RepositorySchema = defineEntity({
  name: 'Repository',
  tableName: 'repository',
  policies: tenantPolicies('repository'),
  uniques: [{ name: 'repository_name_unique', properties: ['org', 'name'] }],
  properties: {
    org: () => inOrganization(Organization),
    id: p.uuid().primary(),
    name: p.text(),
    backend: p.text(),
    url: p.text(),
    /** What we last learned of it, and when. */
    state: p
      .text()
      .default('unknown')
      .check(
        "state = any (array['unknown', 'uninitialised', 'missing', 'ready', 'locked', 'wrong-password', 'unreachable', 'damaged'])",
      ),
    stateAt: p.datetime().nullable(),
    /** restic's own id, from the config of the repository; null until a run has seen it. */
    resticId: p.text().nullable(),
    /** SHA-256 of the config file as it lies in a local repository: the same bytes are the same repository, found without a key. */
    configDigest: p.text().nullable(),
    /** When a run last found it in order; null: never, so there is nothing to lose yet. */
    readyAt: p.datetime().nullable(),
    /** How many snapshots our jobs made in it. */
    snapshotsKnown: p.integer().default(0),
    /** How many jobs run against it at once; null: as many as against any other. */
    maxJobs: p.integer().nullable().check('max_jobs >= 1 and max_jobs <= 50'),
    /** Whether there is one; it is a secret of its own. */
    hasPassword: p
      .boolean()
      .formula(
        (columns) =>
          `exists (select 1 from "secret" s where s.org_id = ${columns.org} and s.table_name = 'repository' and s.row_id = ${columns.id} and s.column_name = 'password')`,
      ),
    version: p.integer().version(),
    createdAt: p.datetime(),
  },
});
export class Repository extends RepositorySchema.class {}
RepositorySchema.setClass(Repository);

/** A sealed value of one column of one row; a change is a new row with the next version, so that a running attempt keeps its own. */
export const SecretSchema = defineEntity({
  name: 'Secret',
  tableName: 'secret',
  policies: tenantPolicies('secret'),
  uniques: [
    { name: 'secret_version_unique', properties: ['orgId', 'tableName', 'rowId', 'columnName', 'secretVersion'] },
  ],
  properties: {
    orgId: p.uuid().primary(),
    id: p.uuid().primary(),
    tableName: p.text(),
    rowId: p.uuid(),
    columnName: p.text(),
    secretVersion: p.integer(),
    sealed: p.type(Buffer).columnType('bytea'),
    version: p.integer().version(),
    createdAt: p.datetime(),
  },
});
export class Secret extends SecretSchema.class {}
SecretSchema.setClass(Secret);
