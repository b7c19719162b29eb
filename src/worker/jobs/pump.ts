import type { AcrossTx } from '../../db/core/transaction.ts';
import { type ClaimedEntry, claimOutbox, deleteSent, lockClaimed, putOff } from '../../db/jobs/outbox.ts';
import { bisect } from '../../lib/bisect.ts';
import { asError } from '../../lib/failure.ts';
import { safeText } from '../../lib/safe-text.ts';
import type { LoopParts } from '../core/loop-parts.ts';

const BATCH = 100;
const FIRST_RETRY_MS = 1_000;
type PumpParts = Pick<LoopParts<'start' | 'cancel'>, 'database' | 'engine' | 'log'>;

/** However long Temporal was away: what waits for it is sent this soon after it is back. */
const LONGEST_RETRY_MS = 10_000;

/**
 * Sends what a committer wrote down and could not send itself. The claim makes it safe for several pumps at once; the
 * engine is idempotent, so an entry that is sent twice does no harm.
 */
export async function pumpOnce({ database, engine, log }: PumpParts): Promise<'again' | 'rest'> {
  const { token, entries } = await database.acrossOrganizations('pump: claim outbox', async (tx) => {
    const token = tx.newId();
    return { token, entries: await claimOutbox(tx, token, tx.now, BATCH) };
  });
  if (entries.length === 0) return 'rest';
  const sent = await Promise.all(entries.map(async (entry) => ({ entry, error: await send(engine, entry) })));
  // One entry that cannot be settled must not bring all the others to Temporal again, for ever.
  const left = await bisect(sent, (some) =>
    database.acrossOrganizations('pump: settle outbox', (tx) => settle(tx, token, some)),
  );
  for (const { entry } of left)
    log.error({ outboxId: entry.id, orgId: entry.order.orgId }, 'outbox entry update failed');
  return entries.length === BATCH && sent.every(({ error }) => error === null) ? 'again' : 'rest';
}

interface Sent {
  readonly entry: ClaimedEntry;
  readonly error: Error | null;
}

async function settle(tx: AcrossTx, token: string, all: readonly Sent[]): Promise<void> {
  await lockClaimed(
    tx,
    token,
    all.map(({ entry }) => entry),
  );
  const done = new Map<string, string[]>();
  for (const { entry, error } of all) {
    const { orgId } = entry.order;
    if (error === null) done.set(orgId, [...(done.get(orgId) ?? []), entry.id]);
    else await putOff(tx, token, entry, new Date(tx.now.getTime() + retryMs(entry.tries)), safeText(error.message));
  }
  for (const [orgId, ids] of done) await deleteSent(tx, token, orgId, ids);
}

export const retryMs = (tries: number): number => Math.min(FIRST_RETRY_MS * 2 ** Math.min(tries, 10), LONGEST_RETRY_MS);

async function send(engine: PumpParts['engine'], entry: ClaimedEntry): Promise<Error | null> {
  try {
    if (entry.kind === 'start') await engine.start(entry.order);
    else await engine.cancel(entry.order.jobId, entry.runNo);
    return null;
  } catch (thrown) {
    return asError(thrown);
  }
}
