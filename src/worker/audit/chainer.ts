import { findAuditGap } from '../../db/audit/audit-chain.ts';
import { chainAudit } from '../../db/audit/chain-audit.ts';
import type { LoopParts } from '../core/loop-parts.ts';

/** About 30 ms of work: nobody's events wait for this transaction. */
const BATCH = 1_000;

/** Each second: audit events of the last one get their place in the chain of their organisation. */
export async function chainOnce({ database }: Pick<LoopParts, 'database'>): Promise<'again' | 'rest'> {
  const linked = await database.acrossOrganizations('chainer: link audit events', (tx) => chainAudit(tx, BATCH));
  return linked === BATCH ? 'again' : 'rest';
}

/** Looks, beside the chainer and whoever has its lease, whether audit events stay without a link; tells each change of their number. */
export function watchAuditGap({ database, log }: Pick<LoopParts, 'database' | 'log'>): () => Promise<'again' | 'rest'> {
  let known = 0;
  return async () => {
    const gap = await database.acrossOrganizations('chainer: look for a gap', findAuditGap);
    if (gap.events > known) log.error({ ...gap }, 'audit chain has a gap: unlinked events');
    else if (gap.events === 0 && known > 0) log.info({ events: 0 }, 'audit chain gap closed');
    known = gap.events;
    return 'rest';
  };
}
