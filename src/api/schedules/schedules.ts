import Type from 'typebox';
import { changeSchedule, createSchedule, removeSchedule, SCHEDULES } from '../../db/schedules/schedules.ts';
import { canOf } from '../../domain/core/authorize.ts';
import { idempotencyOf, openingOf, principalOf, scopeOf } from '../core/caller.ts';
import { Closed, Id, IdempotencyHeaders, IdParams, Name, Time, Version } from '../core/common-schema.ts';
import { byName, defineNoun, made, shown } from '../core/noun.ts';
import type { Routes } from '../core/parts.ts';
import { problems } from '../core/problem-schema.ts';

const Spec = Type.String({
  minLength: 1,
  maxLength: 200,
  description: 'Five fields as cron has them: "30 2 * * 1-5".',
});
const TimeZone = Type.String({
  minLength: 1,
  maxLength: 100,
  description: 'Where the clock of these times hangs: "Europe/Berlin"; UTC unless told.',
});
const Enabled = Type.Boolean({ description: 'Kept only: nothing fires by it yet.' });

/** Nothing fires yet, so that no document and no help speaks of it: who relied on one would have no backup. */
const hide = true;

export const SCHEDULE = defineNoun({
  noun: 'schedule',
  path: '/schedules',
  rows: SCHEDULES,
  permission: 'schedule:read',
  summaries: { list: 'Schedules, newest first', show: 'One schedule' },
  hide,
  filters: { planId: { schema: Type.Optional(Id('plan')), equals: 'plan.id' }, name: byName },
  shape: Type.Object(
    {
      id: Id('schedule'),
      name: Type.String(),
      plan: Type.Object({ id: Id('plan'), name: Type.String() }),
      spec: Spec,
      timeZone: TimeZone,
      enabled: Enabled,
      version: Version,
      createdAt: Time,
    },
    { title: 'Schedule' },
  ),
  computed: {},
});

const may = { spec: Type.Optional(Spec), timeZone: Type.Optional(TimeZone), enabled: Type.Optional(Enabled) };
const NewSchedule = Closed({ ...may, name: Name, planId: Id('plan'), spec: Spec });
const ChangedSchedule = Closed({ ...may, name: Type.Optional(Name) }, { minProperties: 1 });

const config = { authz: { permission: 'schedule:manage', scope: 'anywhere' } } as const;
const params = IdParams('schedule');

export const scheduleRoutes: Routes = async (app, { database }) => {
  app.post(
    '/schedules',
    {
      config,
      schema: {
        hide,
        headers: IdempotencyHeaders,
        body: NewSchedule,
        response: { 201: SCHEDULE.shape, ...problems(409, 413, 415, 422) },
      },
    },
    async (request, reply) => {
      const schedule = await database.inOrganization(scopeOf(request), (tx) =>
        createSchedule(tx, request.body, idempotencyOf(request), canOf(principalOf(request))),
      );
      return made(request, reply, SCHEDULE, schedule);
    },
  );

  app.patch(
    '/schedules/:id',
    {
      config,
      schema: {
        hide,
        params,
        body: ChangedSchedule,
        response: { 200: SCHEDULE.shape, ...problems(404, 409, 412, 413, 415, 422) },
      },
    },
    async (request, reply) => {
      const opening = openingOf(request, 'schedule:read', 'schedule:manage');
      const schedule = await database.inOrganization(scopeOf(request), (tx) =>
        changeSchedule(tx, request.params.id, request.body, opening),
      );
      return shown(request, reply, SCHEDULE, schedule);
    },
  );

  app.delete(
    '/schedules/:id',
    { config, schema: { hide, params, response: { 204: Type.Null(), ...problems(404, 412, 413, 415) } } },
    async (request, reply) => {
      const opening = openingOf(request, 'schedule:read', 'schedule:manage');
      await database.inOrganization(scopeOf(request), (tx) => removeSchedule(tx, request.params.id, opening));
      return reply.code(204).send(null);
    },
  );
};
