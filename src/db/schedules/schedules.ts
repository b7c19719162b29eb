import { Cron } from 'croner';
import type { Can } from '../../domain/core/actor.ts';
import { tellChange } from '../audit/tell-change.ts';
import { PLANS } from '../backup/plans.ts';
import * as rows from '../core/entities.ts';
import type { IdempotencyKeyUse } from '../core/idempotency.ts';
import type { Tx } from '../core/transaction.ts';
import type { Plan } from '../tables/plan.ts';
import { Schedule } from '../tables/schedule.ts';

/** Those of a plan that was removed are gone with it. */
export const SCHEDULES: rows.EntityRead<Schedule> = {
  entity: Schedule,
  with: ['plan.host'],
  where: { plan: { deletedAt: null } },
  site: 'plan.host.site.id',
};

type Fields = Pick<Schedule, 'name' | 'spec' | 'timeZone' | 'enabled'>;

/** Whether there is such a zone, and whether the times come at all, is for the library to say. */
function checkTimes({ spec, timeZone }: Fields, now: Date): void {
  const next = (pattern: string, message: string, pointer: string) => {
    try {
      return new Cron(pattern, { timezone: timeZone, paused: true, mode: '5-part' }).nextRun(now);
    } catch {
      throw rows.invalidInput(message, pointer);
    }
  };
  next('* * * * *', `There is no time zone "${timeZone}": use a name as "Europe/Berlin", or UTC.`, '/timeZone');
  const first = next(spec, 'These are no times: five fields as cron has them, as "30 2 * * 1-5".', '/spec');
  if (first === null) throw rows.invalidInput('These times never come.', '/spec');
}

const freeName = (tx: Tx, name: string, plan: Plan, self: string | null) => {
  const within = { plan: { id: plan.id, deletedAt: null } };
  const says = `The plan ${plan.name} has a schedule "${name}" already.`;
  return rows.refuseTakenName(tx, SCHEDULES, { name, within, self, says });
};

const fieldsOf = ({ name, spec, timeZone, enabled }: Schedule): Fields => ({ name, spec, timeZone, enabled });

const tell = (tx: Tx, verb: string, row: Schedule, version = row.version, more: object = {}) => {
  const object = { kind: 'schedule', id: row.id, label: `${row.name} of ${row.plan.name}`, version };
  const data = { ...fieldsOf(row), ...more };
  return tellChange(tx, { action: `schedule.${verb}`, topic: 'schedule.changed', object, data });
};

export function createSchedule(
  tx: Tx,
  { planId, ...given }: Partial<Fields> & Pick<Fields, 'name' | 'spec'> & { readonly planId: string },
  { use, can }: { readonly use: IdempotencyKeyUse | null; readonly can: Can },
): Promise<Schedule> {
  const fields = { timeZone: 'UTC', enabled: true, ...given };
  checkTimes(fields, tx.now);
  return rows.createOnce(tx, SCHEDULES, { noun: 'schedule', use }, async () => {
    const target = { noun: 'plan', pointer: '/planId', read: 'plan:read', needed: 'schedule:manage' } as const;
    const plan = await rows.findTarget(tx, PLANS, planId, target, can);
    await freeName(tx, fields.name, plan, null);
    const row = tx.em.create(Schedule, { orgId: tx.orgId, id: tx.newId(), plan, ...fields, createdAt: tx.now });
    await tx.em.flush();
    await tell(tx, 'create', row);
    return row;
  });
}

export async function changeSchedule(tx: Tx, id: string, change: Partial<Fields>, opening: rows.Opening) {
  const row = await rows.openEntity(tx, SCHEDULES, id, 'schedule', opening);
  const before = fieldsOf(row);
  Object.assign(row, change);
  checkTimes(row, tx.now);
  await freeName(tx, row.name, row.plan, id);
  await tx.em.flush();
  await tell(tx, 'change', row, row.version, { before });
  return row;
}

export async function removeSchedule(tx: Tx, id: string, opening: rows.Opening): Promise<void> {
  const row = await rows.openEntity(tx, SCHEDULES, id, 'schedule', opening);
  await tell(tx, 'remove', row, row.version + 1);
  tx.em.remove(row);
  await tx.em.flush();
}
