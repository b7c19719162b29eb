import Type from 'typebox';
import { changeSchedule, createSchedule, removeSchedule, SCHEDULES } from '../../db/schedules/schedules.ts';
import { Closed, Id, Name, Time, Version } from '../core/common-schema.ts';
import { byName, defineNoun } from '../core/noun.ts';
import { changesOf } from '../core/noun-changes.ts';

const TIMES = {
  spec: Type.String({ minLength: 1, maxLength: 200, description: 'As cron has them: "30 2 * * 1-5".' }),
  timeZone: Type.String({ minLength: 1, maxLength: 100, description: 'As "Europe/Berlin"; UTC unless told.' }),
  enabled: Type.Boolean({ description: 'Kept only: nothing fires by it yet.' }),
};

export const SCHEDULE = defineNoun({
  noun: 'schedule',
  path: '/schedules',
  rows: SCHEDULES,
  permission: 'schedule:read',
  summaries: { list: 'Schedules, newest first', show: 'One schedule' },
  // Nothing fires yet, so that no document and no help speaks of it: who relied on one would have no backup.
  hide: true,
  filters: { planId: { schema: Type.Optional(Id('plan')), equals: 'plan.id' }, name: byName },
  shape: Type.Object(
    {
      id: Id('schedule'),
      name: Type.String(),
      plan: Type.Object({ id: Id('plan'), name: Type.String() }),
      ...TIMES,
      version: Version,
      createdAt: Time,
    },
    { title: 'Schedule' },
  ),
  computed: {},
});

const { spec, ...more } = TIMES;
const { properties: partial } = Type.Partial(Type.Object({ name: Name, ...TIMES }));

export const scheduleRoutes = changesOf(SCHEDULE, {
  permission: 'schedule:manage',
  create: {
    summary: 'Make a schedule',
    body: Closed({ name: Name, planId: Id('plan'), spec, ...Type.Partial(Type.Object(more)).properties }),
    run: createSchedule,
  },
  change: { summary: 'Change a schedule', body: Closed(partial, { minProperties: 1 }), run: changeSchedule },
  remove: { summary: 'Remove a schedule', run: removeSchedule },
});
