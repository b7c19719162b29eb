import { sql } from 'kysely';
import type { AcrossTx, Tx } from '../core/transaction.ts';

/** An audit event is linked within a second; one that is not after this is a gap. */
export const GAP_MS = 10_000;

export interface AuditGap {
  readonly events: number;
  readonly oldestAt: Date | null;
}

/** Audit events of all organisations that should have been linked by now. */
export async function findAuditGap(tx: AcrossTx): Promise<AuditGap> {
  const since = new Date(tx.now.getTime() - GAP_MS);
  const found = await tx.first(sql<{ events: number; oldest: Date | string | null }>`
    select count(*)::int as events, min(at) as oldest from audit_todo where at < ${since}::timestamptz`);
  const { events, oldest } = found!;
  return { events, oldestAt: oldest === null ? null : new Date(oldest) };
}

export interface ChainFinding {
  /** Number of the link; null when the event has none. */
  readonly seq: number | null;
  readonly eventId: string;
  readonly what: 'altered' | 'event-removed' | 'link-removed' | 'not-linked';
}

export interface ChainReport {
  readonly links: number;
  /** Digest of the newest link, hexadecimal. Kept elsewhere, it shows later that the end of the chain was cut off or rewritten. */
  readonly head: string | null;
  /** The first of them; one change can be found more than once. */
  readonly findings: readonly ChainFinding[];
}

/** Recomputes the whole chain of an organisation: 1M links in about ten seconds. */
export async function verifyChain(tx: Tx, mostFindings = 100): Promise<ChainReport> {
  const found = await tx.rows(sql<{ seq: string | null; event_id: string; what: ChainFinding['what'] }>`
    select seq, event_id, what from audit_verify(${tx.orgId}::uuid) limit ${mostFindings}`);
  const newest = await tx.first(sql<{ links: number; head: string | null }>`
    select count(*)::int as links, (select encode(digest, 'hex') from audit_link where org_id = ${tx.orgId} order by seq desc limit 1) as head
      from audit_link where org_id = ${tx.orgId}`);
  const findings = found.map((row) => ({
    seq: row.seq === null ? null : Number(row.seq),
    eventId: row.event_id,
    what: row.what,
  }));
  return { ...newest!, findings };
}
