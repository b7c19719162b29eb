import { ApiKeySchema, RoleAssignmentSchema } from './access.ts';
import { AuditEventSchema, AuditLinkSchema, AuditTodoSchema, EventSchema } from './event.ts';
import { HostCredentialSchema, HostSchema } from './host.ts';
import { IdempotencyKeySchema, IngestSchema, InstanceSchema, LeaseSchema, SettingSchema } from './instance.ts';
import { AttemptSchema, JobSchema } from './job.ts';
import { OrganizationSchema } from './organization.ts';
import { OutboxSchema } from './outbox.ts';
import { PlanSchema } from './plan.ts';
import { RepositorySchema, SecretSchema } from './repository.ts';
import { ScheduleSchema } from './schedule.ts';
import { SiteSchema } from './site.ts';
import { SetupTokenSchema, UserSchema } from './user.ts';

/** Every entity, listed by hand: a table that is not here is not in the schema. */
export const ENTITIES = [
  OrganizationSchema,
  SiteSchema,
  UserSchema,
  SetupTokenSchema,
  RoleAssignmentSchema,
  ApiKeySchema,
  HostSchema,
  HostCredentialSchema,
  RepositorySchema,
  SecretSchema,
  PlanSchema,
  ScheduleSchema,
  JobSchema,
  AttemptSchema,
  OutboxSchema,
  EventSchema,
  AuditEventSchema,
  AuditLinkSchema,
  AuditTodoSchema,
  InstanceSchema,
  IngestSchema,
  LeaseSchema,
  SettingSchema,
  IdempotencyKeySchema,
];
