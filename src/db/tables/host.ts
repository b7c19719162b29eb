import { defineEntity, p } from '@mikro-orm/core';
import { tenantPolicies } from '../core/policies.ts';
import { Organization } from './organization.ts';
import { inOrganization, reference } from './references.ts';
import { Site } from './site.ts';

/** A machine with an agent. `present` is what the grant pass goes by; the lease is what the presence sweep goes by. */
export const HostSchema = defineEntity({
  name: 'Host',
  tableName: 'host',
  policies: tenantPolicies('host'),
  uniques: [{ name: 'host_name_unique', properties: ['org', 'name'] }],
  indexes: [
    {
      name: 'host_lease',
      expression: 'create index "host_lease" on "host" ("lease_until") where "present"',
    },
    {
      name: 'host_lease_back',
      expression: 'create index "host_lease_back" on "host" ("lease_until") where not "present"',
    },
  ],
  properties: {
    org: () => inOrganization(Organization),
    id: p.uuid().primary(),
    site: () => reference(Site, 'site_id'),
    name: p.text(),
    present: p.boolean().default(false),
    leaseUntil: p.datetime().nullable(),
    lastSeenAt: p.datetime().nullable(),
    /** Raised by each hello of an agent; beats and queues of an older epoch count for nothing. */
    epoch: p.integer().default(0),
    /** Temporal's worker-command queue of the agent of this epoch; no other host may ever listen on it. */
    commandQueue: p.text().nullable().unique(),
    address: p.text().nullable(),
    agentVersion: p.text().nullable(),
    hostname: p.text().nullable(),
    os: p.text().nullable(),
    arch: p.text().nullable(),
    programs: p.json().$type<{ name: string; version: string; path: string }[]>().default('[]'),
    powers: p.json().$type<string[]>().default('[]'),
    activities: p.json().$type<string[]>().default('[]'),
    /** Public ids of the jobs of which the agent said in its last beat that a process runs. */
    runningJobs: p.json().$type<string[]>().default('[]'),
    version: p.integer().version(),
    createdAt: p.datetime(),
  },
});
export class Host extends HostSchema.class {}
HostSchema.setClass(Host);

/** What an agent proves itself with. Only the SHA-256 is kept. */
export const HostCredentialSchema = defineEntity({
  name: 'HostCredential',
  tableName: 'host_credential',
  policies: tenantPolicies('host_credential', ['worker', 'gateway']),
  properties: {
    orgId: p.uuid().primary(),
    id: p.uuid().primary(),
    host: () => reference(Host, 'host_id'),
    tokenHash: p.type(Buffer).columnType('bytea').unique(),
    revokedAt: p.datetime().nullable(),
    version: p.integer().version(),
    createdAt: p.datetime(),
  },
});
export class HostCredential extends HostCredentialSchema.class {}
HostCredentialSchema.setClass(HostCredential);
