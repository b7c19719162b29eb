import type { Doors } from '../../db/doors.ts';
import { type ClaimedEntry, claimOutbox, deleteSent, putOff } from '../../db/statements/outbox.ts';
import type { Clock } from '../../lib/clock.ts';
import { asError } from '../../lib/failure.ts';
import { newUuid, type RandomBytes } from '../../lib/ids.ts';
import type { Door } from '../../temporal/doors.ts';

const BATCH = 100;
const FIRST_RETRY_MS = 1_000;
/** However long Temporal was away: what waits for it is sent this soon after it is back. */
const LONGEST_RETRY_MS = 10_000;

export interface PumpParts {
  readonly doors: Doors;
  readonly door: Door;
  readonly clock: Clock;
  readonly random: RandomBytes;
}

/**
 * Sends what a committer wrote down and could not send itself. The claim makes it safe for several pumps at once; the
 * door is idempotent, so an entry that is sent twice does no harm.
 */
export async function pumpOnce({ doors, door, clock, random }: PumpParts): Promise<'again' | 'rest'> {
  const token = newUuid(clock, random);
  const entries = await doors.acrossOrgs('pump: claim outbox', (tx) => claimOutbox(tx, token, clock.now(), BATCH));
  if (entries.length === 0) return 'rest';
  const results = await Promise.all(entries.map((entry) => send(door, entry)));
  await doors.acrossOrgs('pump: settle outbox', async (tx) => {
    const sent = new Map<string, string[]>();
    for (const [at, entry] of entries.entries()) {
      const error = results[at]!;
      if (error === null) sent.set(entry.order.orgId, [...(sent.get(entry.order.orgId) ?? []), entry.id]);
      else await putOff(tx, token, entry, new Date(clock.now().getTime() + retryMs(entry.tries)), error.message);
    }
    for (const [orgId, ids] of sent) await deleteSent(tx, token, orgId, ids);
  });
  return entries.length === BATCH && results.every((error) => error === null) ? 'again' : 'rest';
}

export const retryMs = (tries: number): number => Math.min(FIRST_RETRY_MS * 2 ** Math.min(tries, 10), LONGEST_RETRY_MS);

async function send(door: Door, entry: ClaimedEntry): Promise<Error | null> {
  try {
    if (entry.kind === 'start') await door.start(entry.order);
    else await door.cancel(entry.order.jobId, entry.runNo);
    return null;
  } catch (thrown) {
    return asError(thrown);
  }
}
