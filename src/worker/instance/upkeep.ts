import { SETTINGS } from '../../catalog/settings.ts';
import type { AcrossTx } from '../../db/core/transaction.ts';
import {
  deleteOldKeys,
  deleteOldLogHeads,
  dropOldLogDay,
  makeLogDays,
  platformSetting,
  UPKEEP_BATCH,
} from '../../db/instance/upkeep.ts';
import type { LoopParts } from '../core/loop-parts.ts';

export const UPKEEP_PERIOD_MS = 60_000;
/** Outlasts the pause, so that the holder stays the holder. */
export const UPKEEP_LEASE_MS = 2.5 * UPKEEP_PERIOD_MS;
/** A job waits and runs for up to a day and a half, and its late lines are taken for two more days. */
const LEAST_RETENTION_DAYS = 7;
const KEY_AGE_MS = 48 * 3_600_000;

/** Days of the log that come, days of it that go, and idempotency keys that nobody may use any more. Each step is a short transaction of its own. */
export async function upkeepOnce({ database, log }: Pick<LoopParts, 'database' | 'log'>): Promise<'again' | 'rest'> {
  const step = <T>(work: (tx: AcrossTx) => Promise<T>) => database.acrossOrganizations('upkeep: a step', work);
  const daysMade = await step(makeLogDays);
  const retentionDays = retentionOf(await step((tx) => platformSetting(tx, 'log.retention_days')));
  const daysDropped = await step((tx) => dropOldLogDay(tx, retentionDays));
  const heads = await step((tx) => deleteOldLogHeads(tx, retentionDays));
  const keys = await step((tx) => deleteOldKeys(tx, KEY_AGE_MS));
  if (daysMade + daysDropped + heads + keys > 0)
    log.info({ daysMade, daysDropped, heads, keys, retentionDays }, 'upkeep: log partitions and idempotency keys');
  return daysDropped > 0 || heads === UPKEEP_BATCH || keys === UPKEEP_BATCH ? 'again' : 'rest';
}

function retentionOf(value: unknown): number {
  const days = typeof value === 'number' && Number.isInteger(value) ? value : SETTINGS['log.retention_days'].default;
  return Math.max(LEAST_RETENTION_DAYS, days);
}
