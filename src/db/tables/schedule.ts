import { defineEntity, p } from '@mikro-orm/core';
import { tenantPolicies } from '../core/policies.ts';
import { Plan } from './plan.ts';
import { reference } from './references.ts';

/** When a plan is to be backed up. Nothing fires by it yet. */
export const ScheduleSchema = defineEntity({
  name: 'Schedule',
  tableName: 'schedule',
  policies: tenantPolicies('schedule', ['api', 'worker']),
  uniques: [{ name: 'schedule_name_unique', properties: ['orgId', 'plan', 'name'] }],
  properties: {
    orgId: p.uuid().primary(),
    id: p.uuid().primary(),
    plan: () => reference(Plan, 'plan_id'),
    name: p.text(),
    /** Five fields as cron has them, read in the time zone. */
    spec: p.text(),
    timeZone: p.text(),
    enabled: p.boolean().default(true),
    version: p.integer().version(),
    createdAt: p.datetime(),
  },
});
export class Schedule extends ScheduleSchema.class {}
ScheduleSchema.setClass(Schedule);
