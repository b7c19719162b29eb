import { setTimeout as sleep } from 'node:timers/promises';
import { parsePublicId } from '../../src/lib/ids.ts';
import type { Accepted, Site } from './load.ts';
import type { FaultStack } from './stack/fault-stack.ts';

const WITHIN_MS = 90_000;

/** From the fault until a job of the control plane and one of an unhurt host, asked for after it, have run to their end. */
export async function untilWorkFlows(
  stack: FaultStack,
  accepted: Accepted,
  site: Pick<Site, 'probe'>,
  faultAt: number,
): Promise<number> {
  const ids = await Promise.all([accepted.noop(null), accepted.noop(site.probe)]);
  const uuids = ids.map((id) => parsePublicId('job', id));
  for (;;) {
    const [open] = await stack.database.rows<{ count: string }>(
      `select count(*) from job where id = any($1::uuid[]) and state <> 'succeeded'`,
      [uuids],
    );
    const elapsed = Date.now() - faultAt;
    // Whoever did not end by then is stuck, which the verdict says.
    if (Number(open!.count) === 0 || elapsed > WITHIN_MS) return elapsed;
    await sleep(25);
  }
}

/**
 * For jobs that ran when the fault came: from the fault, or from their own result if that came later, until their row
 * had ended. It finds runs that a new worker takes up late, which fresh work would not show.
 */
export async function slowestEnd(stack: FaultStack, faultAt: number): Promise<number> {
  const [found] = await stack.database.rows<{ ms: string | null }>(
    `select max(extract(epoch from j.finished_at - greatest(r.at, $1::timestamptz)) * 1000) as ms
       from job j cross join lateral (select max(result_at) as at from attempt a where a.org_id = j.org_id and a.job_id = j.id) r
      where j.started_at < $1 and j.finished_at > $1 and r.at is not null`,
    [new Date(faultAt)],
  );
  return Number(found!.ms ?? 0);
}
