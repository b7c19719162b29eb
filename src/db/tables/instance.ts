import { defineEntity, p } from '@mikro-orm/core';
import { instancePolicies, tenantPolicies } from '../core/policies.ts';
import { Organization } from './organization.ts';
import { inOrganization } from './references.ts';

/** The one row of this instance. */
export const InstanceSchema = defineEntity({
  name: 'Instance',
  tableName: 'instance',
  policies: instancePolicies('instance', ['worker', 'api']),
  properties: {
    id: p.integer().primary().autoincrement(false).check('id = 1'),
    /** Of Temporal's namespace; another one means that Temporal was lost and everything has to be rebuilt from rows. */
    temporalNamespaceId: p.uuid().nullable(),
    /** When the first backup of the very first start ended well; it is not made twice. */
    firstBackupAt: p.datetime().nullable(),
    createdAt: p.datetime(),
  },
});
export class Instance extends InstanceSchema.class {}
InstanceSchema.setClass(Instance);

/** Who of many replicas does a loop's work right now. */
export const LeaseSchema = defineEntity({
  name: 'Lease',
  tableName: 'lease',
  policies: instancePolicies('lease', ['worker', 'api']),
  properties: {
    name: p.text().primary(),
    holder: p.uuid(),
    until: p.datetime(),
    term: p.integer().default(1),
  },
});
export class Lease extends LeaseSchema.class {}
LeaseSchema.setClass(Lease);

/** Whether beats arrive at all: one row. */
export const IngestSchema = defineEntity({
  name: 'Ingest',
  tableName: 'ingest',
  policies: instancePolicies('ingest', ['worker', 'gateway']),
  properties: {
    id: p.integer().primary().autoincrement(false).check('id = 1'),
    /** Since when gateways have taken beats without a gap. */
    since: p.datetime(),
    /** When one of them last said so. */
    seenAt: p.datetime(),
    /** Since when more hosts are silent at once than is believed of each; null: no problem. */
    problemSince: p.datetime().nullable(),
    silentHosts: p.integer().default(0),
  },
});
export class Ingest extends IngestSchema.class {}
IngestSchema.setClass(Ingest);

/** A setting that people change at run time (catalog/settings). Those of the instance belong to the platform organisation. */
export const SettingSchema = defineEntity({
  name: 'Setting',
  tableName: 'setting',
  policies: tenantPolicies('setting', ['api', 'worker']),
  properties: {
    org: () => inOrganization(Organization),
    key: p.text().primary(),
    value: p.json().nullable(),
    sealed: p.type(Buffer).columnType('bytea').nullable(),
    version: p.integer().version(),
    changedAt: p.datetime(),
  },
});
export class Setting extends SettingSchema.class {}
SettingSchema.setClass(Setting);

/** What a request with an Idempotency-Key led to, for 48 h. */
export const IdempotencyKeySchema = defineEntity({
  name: 'IdempotencyKey',
  tableName: 'idempotency_key',
  policies: tenantPolicies('idempotency_key', ['api', 'worker']),
  indexes: [{ name: 'idempotency_key_age', properties: ['createdAt'] }],
  properties: {
    orgId: p.uuid().primary(),
    principal: p.text().primary(),
    route: p.text().primary(),
    key: p.text().primary(),
    bodyHash: p.type(Buffer).columnType('bytea'),
    /** The row that was made. */
    subjectId: p.uuid(),
    createdAt: p.datetime(),
  },
});
export class IdempotencyKey extends IdempotencyKeySchema.class {}
IdempotencyKeySchema.setClass(IdempotencyKey);
