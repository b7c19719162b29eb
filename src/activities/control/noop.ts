import type { Outcome } from '../../domain/jobs/outcome.ts';

/** A job without a host that does nothing: shows that accept, outbox, Temporal and the control worker work. */
export async function noop(): Promise<Outcome> {
  return { code: 'succeeded', counts: {}, refs: {} };
}
