import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import { SEARCH_ATTRIBUTES } from '../../src/catalog/search-attributes.ts';
import { ensureNamespace } from '../../src/processes/place/temporal-namespace.ts';
import { lazyConnection, type TemporalTarget } from '../../src/temporal/connection.ts';

/**
 * A namespace of this file's own: two files that share one would take tasks off each other's queues, and end each other's
 * jobs as none of theirs.
 */
export async function ownNamespace(): Promise<TemporalTarget> {
  const { address, tls } = inject('temporal')!;
  const namespace = `test-${randomBytes(6).toString('hex')}`;
  const target = { address, namespace, apiKey: null, tls };
  const connection = lazyConnection(target);
  try {
    await ensureNamespace(connection, { namespace, retentionHours: 24, searchAttributes: SEARCH_ATTRIBUTES });
  } finally {
    await connection.close();
  }
  return target;
}
