import { Cron } from 'croner';
import type { Can } from '../../domain/core/actor.ts';
import { Failure } from '../../lib/failure.ts';
import { tellChange } from '../audit/tell-change.ts';
import { PLANS } from '../backup/plans.ts';
import {
  createOnce,
  type EntityRead,
  findTarget,
  type Opening,
  openEntity,
  refuseTakenName,
} from '../core/entities.ts';
import type { IdempotencyKeyUse } from '../core/idempotency.ts';
import type { Tx } from '../core/transaction.ts';
import type { Plan } from '../tables/plan.ts';
import { Schedule } from '../tables/schedule.ts';

/** Those of a plan that was removed are gone with it. */
export const SCHEDULES: EntityRead<Schedule> = {
  entity: Schedule,
  with: ['plan.host'],
  where: { plan: { deletedAt: null } },
  site: 'plan.host.site.id',
};

const noun = 'schedule';

export interface NewSchedule {
  readonly name: string;
  readonly planId: string;
  readonly spec: string;
  readonly timeZone?: string;
  readonly enabled?: boolean;
}
/** What is left out stays as it is. */
export type ScheduleChange = Partial<Omit<NewSchedule, 'planId'>>;

/** Whether there is such a zone and the times come at all is for the library to say. */
function checkTimes(spec: string, timeZone: string, now: Date): void {
  const next = (pattern: string) =>
    new Cron(pattern, { timezone: timeZone, paused: true, mode: '5-part' }).nextRun(now);
  const refuse = (message: string, pointer: string) =>
    new Failure('invalid-input', message, { fault: 'caller', pointer });
  const orRefuse = (pattern: string, message: string, pointer: string) => {
    try {
      return next(pattern);
    } catch {
      throw refuse(message, pointer);
    }
  };
  orRefuse('* * * * *', `There is no time zone "${timeZone}": use a name as "Europe/Berlin", or UTC.`, '/timeZone');
  const first = orRefuse(spec, 'These are no times: five fields as cron has them, as "30 2 * * 1-5".', '/spec');
  if (first === null) throw refuse('These times never come.', '/spec');
}

const freeName = (tx: Tx, name: string, plan: Plan, self: string | null) =>
  refuseTakenName(tx, SCHEDULES, {
    name,
    within: { plan: { id: plan.id, deletedAt: null } },
    self,
    says: `The plan ${plan.name} has a schedule "${name}" already.`,
  });

const tell = (
  tx: Tx,
  verb: string,
  { id, name, plan, spec, timeZone, enabled }: Schedule,
  version: number,
  more = {},
) => {
  const object = { kind: noun, id, label: `${name} of ${plan.name}`, version };
  const data = { spec, timeZone, enabled, ...more };
  return tellChange(tx, { action: `schedule.${verb}`, topic: 'schedule.changed', object, data });
};

export function createSchedule(
  tx: Tx,
  { name, planId, spec, timeZone = 'UTC', enabled = true }: NewSchedule,
  use: IdempotencyKeyUse | null,
  can: Can,
): Promise<Schedule> {
  checkTimes(spec, timeZone, tx.now);
  return createOnce(tx, SCHEDULES, { noun, use }, async () => {
    const target = { noun: 'plan', pointer: '/planId', read: 'plan:read', needed: 'schedule:manage' } as const;
    const plan = await findTarget(tx, PLANS, planId, target, can);
    await freeName(tx, name, plan, null);
    const id = tx.newId();
    const schedule = tx.em.create(Schedule, {
      orgId: tx.orgId,
      id,
      plan,
      name,
      spec,
      timeZone,
      enabled,
      createdAt: tx.now,
    });
    await tx.em.flush();
    await tell(tx, 'create', schedule, schedule.version);
    return schedule;
  });
}

export async function changeSchedule(tx: Tx, id: string, change: ScheduleChange, opening: Opening): Promise<Schedule> {
  const schedule = await openEntity(tx, SCHEDULES, id, noun, opening);
  const { name, spec, timeZone, enabled } = schedule;
  const after = { name, spec, timeZone, enabled, ...change };
  checkTimes(after.spec, after.timeZone, tx.now);
  await freeName(tx, after.name, schedule.plan, id);
  Object.assign(schedule, after);
  await tx.em.flush();
  await tell(tx, 'change', schedule, schedule.version, { before: { name, spec, timeZone, enabled } });
  return schedule;
}

export async function removeSchedule(tx: Tx, id: string, opening: Opening): Promise<void> {
  const schedule = await openEntity(tx, SCHEDULES, id, noun, opening);
  await tell(tx, 'remove', schedule, schedule.version + 1);
  tx.em.remove(schedule);
  await tx.em.flush();
}
