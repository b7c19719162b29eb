import { type RawBuilder, sql } from 'kysely';
import type { EventTopic } from '../../catalog/events.ts';
import type { EventSchema } from '../tables/event.ts';
import type { RowOf } from '../tables/row-of.ts';
import type { AcrossTx, AnyTx, Tx } from './transaction.ts';

/**
 * A place between events, in the order in which they are read: by transaction, then by number. Ids alone are no order to
 * read by: a transaction that commits late has lower ones than those that a reader already has.
 */
export interface EventPlace {
  readonly txid: bigint;
  readonly id: bigint;
}

export interface EventRow extends EventPlace {
  readonly topic: EventTopic;
  /** The uuid of what it is about. */
  readonly subjectId: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly at: string;
}

/** Below this all transactions have ended, so nothing can appear there any more. Any writer of the cluster holds it back. */
const WATERMARK = sql`pg_snapshot_xmin(pg_current_snapshot())`;

/**
 * The events behind a place, oldest first; call again from the last one's place. Stops at the watermark, so that none of
 * a transaction that is still under way is skipped or seen twice. Inside `acrossOrganizations`: of all organisations.
 */
export async function readEvents(tx: Tx | AcrossTx, after: EventPlace, limit: number): Promise<readonly EventRow[]> {
  const mine: RawBuilder<unknown> = 'orgId' in tx ? sql`org_id = ${tx.orgId}` : sql`true`;
  const found = await tx.rows(sql<Omit<RowOf<typeof EventSchema>, 'org_id'>>`
    select txid::text, id, topic, subject_id, data, at from event
     where ${mine} and (txid, id) > (${String(after.txid)}::xid8, ${String(after.id)}::bigint) and txid < ${WATERMARK}
     order by txid, id limit ${limit}`);
  return found.map(({ txid, id, subject_id, ...row }) => ({
    ...row,
    txid: BigInt(txid),
    id: BigInt(id),
    subjectId: subject_id,
  }));
}

/**
 * Where a reader starts that wants what comes from now on. Ask before reading the rows that events are about: then the
 * rows show at least all that is before this place.
 */
export async function eventWatermark(tx: AnyTx): Promise<EventPlace> {
  const found = await tx.first(sql<{ txid: string }>`select ${WATERMARK}::text as txid`);
  return { txid: BigInt(found!.txid), id: 0n };
}

/** As text for callers, who are to see nothing in it. */
export const printEventPlace = ({ txid, id }: EventPlace): string => `${txid.toString(36)}.${id.toString(36)}`;
